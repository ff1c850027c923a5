import { hookDatabaseSuite } from '../suites/hook-database.suite.ts'

hookDatabaseSuite('PGlite in memory')
