import { api, conformanceSuite } from '../suites/conformance.suite.ts'
import { overPglite } from './over-pglite.ts'

conformanceSuite('the embedded broker and PGlite', () => overPglite(api, { broker: { port: 0, webSocket: false } }))
