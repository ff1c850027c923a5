import type { Browser, Locator, Page } from 'playwright-core'

const PATIENCE_MS = 10_000

/** The demo's page as somebody who looks at it and types into it. Every wait has a deadline. */
export class FleetPage {
  readonly page: Page
  /** Errors that the page threw or logged, a lost connection aside. */
  readonly problems: string[] = []

  private constructor(page: Page) {
    this.page = page
    page.setDefaultTimeout(PATIENCE_MS)
    page.on('pageerror', (error) => this.problems.push(String(error)))
    page.on('console', (message) => {
      if (message.type() === 'error' && !/WebSocket|net::ERR_/.test(message.text())) this.problems.push(message.text())
    })
  }

  static async open(browser: Browser, url: string): Promise<FleetPage> {
    const fleet = new FleetPage(await browser.newPage({ viewport: { width: 1280, height: 800 } }))
    await fleet.page.goto(url)
    return fleet
  }

  named(name: string): Locator {
    return this.page.locator(`[data-testid="${name}"]`)
  }

  device(id: string): Locator {
    return this.page.locator(`[data-testid="device"][data-key="${id}"]`)
  }

  alarm(id: string): Locator {
    return this.page.locator(`[data-testid="alarm"][data-key="${id}"]`)
  }

  user(name: string): Locator {
    return this.named('user').filter({ hasText: name })
  }

  /** What the two live lists say, all numbers included. */
  async tables(): Promise<string> {
    return this.page.evaluate(() => {
      const lines = document.querySelectorAll('[data-testid="device"], [data-testid="user"]')
      return [...lines].map((line) => line.textContent).join('\n')
    })
  }

  /** Writes down who enters and leaves the alarms from now on; what it returns says what a device did. */
  async watchAlarms(): Promise<(id: string) => Promise<readonly string[]>> {
    await this.named('alarms-note').filter({ hasNotText: 'Reading' }).waitFor({ state: 'attached' })
    // The page shows the last ones only, and other devices have alarms too.
    const seen = await this.named('alarm-changes').evaluateHandle((list) => {
      const all: { key: string | null; change: string | null }[] = []
      new MutationObserver((records) => {
        for (const line of records.flatMap(({ addedNodes }) => [...addedNodes])) {
          if (line instanceof Element)
            all.push({ key: line.getAttribute('data-key'), change: line.getAttribute('data-change') })
        }
      }).observe(list, { childList: true })
      return all
    })
    return async (id) => {
      const all = await seen.jsonValue()
      return all.flatMap(({ key, change }) => (key === id && change ? [change] : []))
    }
  }

  async choose(id: string): Promise<void> {
    await this.device(id).locator('button').click()
    await this.page.locator(`[data-testid="chosen"][data-key="${id}"]`).waitFor()
  }

  /** Saves the form of the device that is chosen, with these values. */
  async save(values: { readonly name?: string; readonly threshold?: string }): Promise<void> {
    const form = this.named('edit-form')
    for (const [field, value] of Object.entries(values)) await form.locator(`[name="${field}"]`).fill(value)
    await form.locator('[type="submit"]').click()
  }
}
