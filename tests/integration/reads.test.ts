import { readsSuite } from '../suites/reads.suite.ts'

readsSuite('PGlite in memory')
