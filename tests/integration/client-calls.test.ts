import { clientCallsSuite } from '../suites/client-calls.suite.ts'

clientCallsSuite('PGlite in memory')
