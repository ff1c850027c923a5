import { tenantsSuite } from '../suites/tenants.suite.ts'

tenantsSuite('PGlite in memory')
