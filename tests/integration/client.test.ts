import { clientSuite } from '../suites/client.suite.ts'

clientSuite('PGlite in memory')
