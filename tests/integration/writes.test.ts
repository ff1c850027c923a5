import { writesSuite } from '../suites/writes.suite.ts'

writesSuite('PGlite in memory')
