import { clientLiveSuite } from '../suites/client-live.suite.ts'

clientLiveSuite('PGlite in memory')
clientLiveSuite('PGlite without the change stream', async () => ({ install: false }))
