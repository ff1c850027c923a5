import { overPglite } from '../conformance/over-pglite.ts'
import { describeWith } from '../require-service.ts'
import { conformanceSuite, GROUPS, openApi } from '../suites/conformance.suite.ts'
import { findMosquitto, startAt } from './start-mosquitto.ts'

describeWith('Mosquitto', await findMosquitto(), (program) => {
  // Group G is about who a client is, which an external broker does not say: see identity.test.ts.
  const groups = GROUPS.filter((group) => group !== 'G')
  conformanceSuite(
    'Mosquitto and PGlite',
    async () => {
      const broker = await startAt(program)
      const setting = await overPglite(openApi, { broker: { url: broker.url } }, broker.url)
      return {
        ...setting,
        async close() {
          await setting.close()
          await broker[Symbol.asyncDispose]()
        },
      }
    },
    groups,
  )
})
