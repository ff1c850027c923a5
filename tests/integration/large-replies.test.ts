import { largeRepliesSuite } from '../suites/large-replies.suite.ts'

largeRepliesSuite('PGlite in memory')
