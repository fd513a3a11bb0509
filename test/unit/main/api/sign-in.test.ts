import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { launch, type TestBrowser, whyNoBrowser } from '../../../e2e/browser'
import { ask, fakeNode, signIn, startTestApi } from './support'

const pathOf = (url: string) => new URL(url).pathname + new URL(url).search

describe('a sign-in link', () => {
  it('leads to the address that the node is at', async () => {
    const api = await startTestApi()
    expect(api.signInUrl()).toMatch(new RegExp(`^http://127\\.0\\.0\\.1:${api.port}/sign-in\\?code=[\\w-]{43}$`))
  })

  it('sets a session and leads to the page', async () => {
    const api = await startTestApi()
    const answer = await ask(api, { path: pathOf(api.signInUrl()) })
    expect(answer.status).toBe(200)
    expect(answer.headers['set-cookie']?.[0]).toMatch(new RegExp(`^thatdam-${api.port}=v1\\..*HttpOnly; SameSite=Strict$`))
    expect(answer.text).toContain('url=/')
  })

  it('that was used says how to get another', async () => {
    const api = await startTestApi()
    const path = pathOf(api.signInUrl())
    await ask(api, { path })
    const again = await ask(api, { path })
    expect(again.status).toBe(401)
    expect(again.headers['set-cookie']).toBeUndefined()
    expect(again.text).toContain('<code>thatdam up</code>')
  })

  it.each(['/sign-in', '/sign-in?code=', '/sign-in?code=guess', '/sign-in?code=a&code=b'])('is not made by guessing: %s', async (path) => {
    const api = await startTestApi()
    const answer = await ask(api, { path })
    expect(answer.status).toBe(401)
    expect(answer.headers['set-cookie']).toBeUndefined()
  })

  it('leads someone who is signed in already to the page', async () => {
    const api = await startTestApi()
    const { cookie } = await signIn(api)
    const answer = await ask(api, { path: '/sign-in?code=used', headers: { cookie } })
    expect(answer.status).toBe(200)
    expect(answer.text).toContain('url=/')
  })

  it('is not used up by a look at its headers, and is refused to another host name', async () => {
    const api = await startTestApi()
    const path = pathOf(api.signInUrl())
    await ask(api, { method: 'HEAD', path })
    expect((await ask(api, { path, headers: { host: `evil.example:${api.port}` } })).status).toBe(421)
    expect((await ask(api, { path })).status).toBe(200)
  })
})

const skip = whyNoBrowser()

describe.skipIf(skip !== undefined)(skip === undefined ? 'in a real browser' : `in a real browser (${skip})`, () => {
  let browser: TestBrowser
  beforeAll(async () => {
    browser = await launch()
  })
  afterAll(() => browser?.close())

  async function openPage() {
    onTestFinished(() => browser.closePages())
    return (await browser.newPage()).page
  }

  /** A node with a page that shows, by a script of its own, what the node answers to a call. */
  async function startWithPage() {
    const pageDir = mkdtempSync(join(tmpdir(), 'thatdam-page-'))
    onTestFinished(() => rmSync(pageDir, { recursive: true, force: true }))
    writeFileSync(
      join(pageDir, 'index.html'),
      '<!doctype html><title>The page</title><p>waiting</p><script type="module" src="/page.js"></script>',
    )
    writeFileSync(
      join(pageDir, 'page.js'),
      `const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }
       const answer = await (await fetch('/api/v1/apply', init)).json()
       document.querySelector('p').textContent = 'converged ' + answer.converged`,
    )
    const node = fakeNode()
    return { node, api: await startTestApi({ pageDir, node }) }
  }

  /** A page of another site: to a browser, `localhost` is not 127.0.0.1. */
  async function startForeignSite(html: string): Promise<string> {
    const server = createServer((_request, response) => response.setHeader('content-type', 'text/html').end(html))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => {
      server.closeAllConnections()
      return new Promise<void>((resolve) => server.close(() => resolve()))
    })
    const address = server.address()
    return `http://localhost:${typeof address === 'object' ? address?.port : ''}/`
  }

  it('a link typed in signs in, and the page may call the node', async () => {
    const { api } = await startWithPage()
    const page = await openPage()
    await page.goto(api.signInUrl())
    await page.getByText('converged true').waitFor()
    expect(page.url()).toBe(`${api.url}/`)
    const [cookie] = await page.context().cookies()
    expect(cookie).toMatchObject({ name: `thatdam-${api.port}`, domain: '127.0.0.1', httpOnly: true, sameSite: 'Strict' })
    expect(await page.evaluate('document.cookie')).toBe('')
  })

  it('a link on a page of another site signs in too, though the cookie is strict', async () => {
    const { api } = await startWithPage()
    const page = await openPage()
    await page.goto(await startForeignSite(`<a href="${api.signInUrl()}">open</a>`))
    await page.getByText('open').click()
    await page.getByText('converged true').waitFor()
    expect(page.url()).toBe(`${api.url}/`)
  })

  it('a link to the page itself on another site leads on by one click', async () => {
    const { api } = await startWithPage()
    const page = await openPage()
    await page.goto(api.signInUrl())
    await page.getByText('converged true').waitFor()
    await page.goto(await startForeignSite(`<a href="${api.url}/">open</a>`))
    await page.getByText('open').click()
    await page.getByText('You are not signed in').waitFor()
    await page.getByText('Open the page').click()
    await page.getByText('converged true').waitFor()
  })

  it('a page of another site changes nothing and sees nothing, even where the browser is signed in', async () => {
    const { api, node } = await startWithPage()
    const page = await openPage()
    await page.goto(api.signInUrl())
    await page.getByText('converged true').waitFor()
    const before = node.seen.length
    await page.goto(
      await startForeignSite(`<form method="post" action="${api.url}/api/v1/apply" enctype="text/plain"><button>send</button></form>`),
    )
    const attempts = await page.evaluate(async (url) => {
      const outcome = (promise: Promise<Response>) =>
        promise.then(
          (response) => response.type,
          () => 'failed',
        )
      const type = { 'content-type': 'application/json' }
      return [
        await outcome(fetch(`${url}/api/v1/apply`, { method: 'POST', credentials: 'include', headers: type, body: '{}' })),
        await outcome(fetch(`${url}/api/v1/apply`, { method: 'POST', credentials: 'include', body: '{}' })),
        await outcome(fetch(`${url}/internal/bootstrap/status`, { credentials: 'include' })),
      ]
    }, api.url)
    expect(attempts).toEqual(['failed', 'failed', 'failed'])
    const [response] = await Promise.all([page.waitForResponse(`${api.url}/api/v1/apply`), page.getByText('send').click()])
    expect(response.status()).toBe(403)
    expect(node.seen).toHaveLength(before)
  })

  it('a used link says how to get another', async () => {
    const { api } = await startWithPage()
    const link = api.signInUrl()
    const first = await openPage()
    await first.goto(link)
    await first.getByText('converged true').waitFor()
    const second = await openPage()
    await second.goto(link)
    await second.getByText('This link no longer works').waitFor()
  })
})
