import { deadlinesSuite } from '../suites/deadlines.suite.ts'

deadlinesSuite('PGlite in memory')
