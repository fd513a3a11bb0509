import { createServer } from 'vite'
import { describe, it } from 'vitest'
import { launch, whyNoBrowser } from './browser'
import { expectPage } from './page-harness'

const skip = whyNoBrowser()

describe.skipIf(skip !== undefined)(`the gallery${skip === undefined ? '' : ` (${skip})`}`, () => {
  it('shows its fixtures in a development server', async () => {
    const browser = await launch()
    const server = await createServer({
      configFile: false,
      root: 'src/renderer',
      logLevel: 'error',
      server: { host: '127.0.0.1', port: 0 },
    })
    try {
      await server.listen()
      const { page } = await browser.newPage()
      await page.goto(`${server.resolvedUrls?.local[0]}?fixture=error`)
      await expectPage(page.getByRole('heading', { level: 1 })).toHaveText('Storage is in error.')
    } finally {
      await server.close()
      await browser.close()
    }
  })
})
