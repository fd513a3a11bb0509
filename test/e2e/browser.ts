/** A real browser engine for the tests that need one. */
import { existsSync } from 'node:fs'
import { type Browser, type BrowserContextOptions, chromium, type Page } from '@playwright/test'

const executable = process.env.CHROMIUM ?? '/usr/bin/chromium'

const quiet = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Why there is no browser here, in a sentence; undefined when there is one, or when it is required and its absence must fail. */
export function whyNoBrowser(): string | undefined {
  if (existsSync(executable) || process.env.THATDAM_REQUIRE === 'all') return undefined
  return `skipped: no Chromium at ${executable}; set CHROMIUM to one, or THATDAM_REQUIRE=all to fail instead`
}

export interface OpenPage {
  readonly page: Page
  /** What the page complained about since it was opened: uncaught errors, console errors, violations of its policy. */
  readonly complaints: readonly string[]
}

export interface TestBrowser {
  /** A page in a context of its own: no cookies or storage of another one. */
  newPage(options?: BrowserContextOptions): Promise<OpenPage>
  closePages(): Promise<void>
  close(): Promise<void>
}

export async function launch(): Promise<TestBrowser> {
  const browser: Browser = await chromium.launch({ executablePath: executable, args: quiet })
  return {
    async newPage(options = {}) {
      const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options })
      const page = await context.newPage()
      const complaints: string[] = []
      page.on('pageerror', (error) => complaints.push(error.message))
      page.on('console', (message) => {
        if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
      })
      return { page, complaints }
    },
    async closePages() {
      await Promise.all(browser.contexts().map((context) => context.close()))
    },
    close: () => browser.close(),
  }
}
