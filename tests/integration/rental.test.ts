import { rentalSuite } from '../suites/rental.suite.ts'

rentalSuite('PGlite in memory')
