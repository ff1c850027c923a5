import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeWith } from '../require-service.ts'
import { until } from '../until.ts'
import { chromiumPath, launchChromium } from './chromium.ts'
import { type DemoProcess, startDemo } from './demo-process.ts'
import { FleetPage } from './fleet-page.ts'

const PATIENCE_MS = 30_000
/** For the demo to end and start again, and for a page to find it. */
const RESTART_MS = 120_000
/** How often it ends, where the machine has other things to do. */
const TRIALS = 3

describeWith('Chromium', chromiumPath(), (executable) => {
  let demo: DemoProcess
  let browser: Browser
  let a: FleetPage
  let b: FleetPage

  beforeAll(async () => {
    ;[demo, browser] = await Promise.all([
      startDemo({ PORT: '0', MQTT_PORT: '0', WS_PORT: '0' }),
      launchChromium(executable),
    ])
    ;[a, b] = await Promise.all([FleetPage.open(browser, demo.url), FleetPage.open(browser, demo.url)])
  }, 90_000)

  afterAll(async () => {
    await browser?.close()
    await demo?.stop()
  })

  it('fills the table, and keeps it moving', async () => {
    await a.device('d12').waitFor()
    expect(await a.named('device').count()).toBe(12)
    const temperature = a.device('d1').locator('[data-field="temperature"]')
    const first = await temperature.textContent()
    await until(async () => (await temperature.textContent()) !== first, PATIENCE_MS)
  })

  it('draws a chart of the device that was chosen, and adds to it', async () => {
    await a.choose('d3')
    const points = async () => Number(await a.named('chart').getAttribute('data-points'))
    await until(async () => (await points()) > 60, PATIENCE_MS)
    const label = () => a.named('chart').getAttribute('aria-label')
    const first = await label()
    await until(async () => (await label()) !== first, PATIENCE_MS)
    expect(await a.page.locator('[data-testid="chart"] canvas').count()).toBe(1)
  })

  it('shows in one page what another one changed', async () => {
    await a.choose('d2')
    await a.save({ name: 'Cold room renamed' })
    await b.device('d2').getByText('Cold room renamed').waitFor()
  })

  it('lets a device enter the alarms when its threshold is under what it measures, and leave when it is not', async () => {
    const changesOf = await b.watchAlarms()
    await a.choose('d1')
    await a.save({ threshold: '-40' })
    await Promise.all([a.alarm('d1').waitFor(), b.alarm('d1').waitFor()])
    await a.save({ threshold: '90' })
    await Promise.all([a.alarm('d1').waitFor({ state: 'detached' }), b.alarm('d1').waitFor({ state: 'detached' })])
    expect(await changesOf('d1')).toEqual(['enter', 'leave'])
    expect(await b.named('alarm-changes').locator('[data-change]').count()).toBeLessThanOrEqual(3)
  })

  it('shows what the server has against an input, where it is', async () => {
    await a.choose('d4')
    await a.save({ threshold: 'warm' })
    const problem = a.named('edit-problem')
    await problem.locator('[data-part="code"]', { hasText: 'invalid_data' }).waitFor()
    expect(await problem.locator('[data-part="path"]').textContent()).toBe('data.threshold')
    expect(await a.page.locator('[data-testid="edit-form"] [aria-invalid="true"]').getAttribute('name')).toBe(
      'threshold',
    )
    await a.save({ threshold: '-14.5' })
    await until(async () => (await problem.textContent()) === '', PATIENCE_MS)
  })

  it('brings a device that was added to life, in both pages', async () => {
    await a.named('add-device').click()
    const form = a.named('add-form')
    for (const [name, value] of Object.entries({ id: 'd13', name: 'Loft', site: 'Delft', threshold: '30' })) {
      await form.locator(`[name="${name}"]`).fill(value)
    }
    await form.locator('[type="submit"]').click()
    await b.device('d13').locator('.status', { hasText: 'Online' }).waitFor()
    await a.page.locator('[data-testid="chosen"][data-key="d13"]').waitFor()
  })

  it('switches a device off and on again', async () => {
    await a.choose('d8')
    await a.named('power').click()
    await b.device('d8').locator('.status', { hasText: 'Offline' }).waitFor()
    await a.named('power').getByText('Switch on').click()
    await b.device('d8').locator('.status', { hasText: 'Online' }).waitFor()
  })

  it('adds a user, switches one off, refuses a second with the same address, and deletes', async () => {
    const form = a.named('user-form')
    const add = async (name: string) => {
      await form.locator('[name="name"]').fill(name)
      await form.locator('[name="email"]').fill('grace@example.com')
      await form.locator('[type="submit"]').click()
    }
    await add('Grace')
    await b.user('Grace').waitFor()
    await add('Grace again')
    await a.named('user-problem').locator('[data-part="code"]', { hasText: 'conflict' }).waitFor()
    await b.user('Grace').locator('[data-testid="toggle-user"]').click()
    await a.page.locator('[data-testid="user"][data-status="inactive"]', { hasText: 'Grace' }).waitFor()
    await b.user('Grace').locator('[data-testid="delete-user"]').click()
    await a.user('Grace').waitFor({ state: 'detached' })
  })

  it('shows the messages as they are on the wire', async () => {
    const line = a.page.locator('[data-testid="wire-line"][data-way="in"]', { hasText: /spec\/.+\/notify\// }).first()
    await line.waitFor()
    expect(await line.textContent()).toContain('"type":"notification"')
  })

  it('two pages say the same, and still do after one is loaded again', async () => {
    const same = async () => {
      const [one, two] = await Promise.all([a.tables(), b.tables()])
      return one === two && one.split('\n').length > 13
    }
    await until(same, PATIENCE_MS)
    await b.page.reload()
    await until(same, PATIENCE_MS)
  })

  it(
    'recovers by itself when the server ends, within 2 s and with code 0, and starts again',
    async () => {
      const { port } = new URL(demo.url)
      const webSocketPort = await a.page.evaluate(
        async () => (await (await fetch('/config.json')).json()).webSocket.port,
      )
      const ports = { PORT: port, MQTT_PORT: String(demo.mqttPort), WS_PORT: String(webSocketPort) }
      let soonestMs = Number.POSITIVE_INFINITY
      for (let trial = 0; trial < TRIALS && soonestMs >= 2_000; trial++) {
        const { code, tookMs } = await demo.stop()
        expect(code).toBe(0)
        soonestMs = Math.min(soonestMs, tookMs)
        await a.page.locator('[data-testid="connection"]:not([data-state="online"])').waitFor()
        demo = await startDemo(ports)
        // A client that found nobody waits longer before each attempt.
        await a.page.locator('[data-testid="connection"][data-state="online"]').waitFor({ timeout: PATIENCE_MS })
      }
      expect(soonestMs).toBeLessThan(2_000)
      await a.device('d13').waitFor({ state: 'detached' })
      await a.choose('d1')
      await a.save({ name: 'Back again' })
      await b.device('d1').getByText('Back again').waitFor()
      expect([...a.problems, ...b.problems]).toEqual([])
    },
    RESTART_MS,
  )
})
