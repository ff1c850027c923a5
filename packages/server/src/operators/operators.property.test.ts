import { openDatabase } from '../db/open-database.ts'
import { operatorsSuite } from '../testing/operators.suite.ts'

const logger = { info() {}, warn() {}, error() {} }

operatorsSuite('PGlite', () => openDatabase(undefined, { logger }))
