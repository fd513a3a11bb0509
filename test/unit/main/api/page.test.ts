import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { ask, bearer, startTestApi } from './support'

/** A built page, and a secret beside it that it must not lead to. */
function pageDir(): string {
  const root = mkdtempSync(join(tmpdir(), 'thatdam-page-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  const page = join(root, 'page')
  mkdirSync(join(page, 'assets'), { recursive: true })
  writeFileSync(join(root, 'secret.txt'), 'secret')
  writeFileSync(join(page, '.env'), 'secret')
  writeFileSync(join(page, 'index.html'), '<!doctype html><title>The page</title>')
  writeFileSync(join(page, 'icon.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>')
  writeFileSync(join(page, 'assets', 'index-DkX9a_2b.js'), 'export {}')
  return page
}

const browser = { ...bearer, accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }

it.each(['/', '/overview', '/profile/history', '/?from=link'])('%s is a view of the page and never stored', async (path) => {
  const api = await startTestApi({ pageDir: pageDir() })
  const answer = await ask(api, { path, headers: browser })
  expect(answer).toMatchObject({ status: 200, text: '<!doctype html><title>The page</title>' })
  expect(answer.headers).toMatchObject({
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'content-security-policy': expect.stringContaining("default-src 'none'"),
  })
})

it('files come with their types; those named after their content may be kept for ever', async () => {
  const api = await startTestApi({ pageDir: pageDir() })
  const script = await ask(api, { path: '/assets/index-DkX9a_2b.js', headers: browser })
  expect(script.headers).toMatchObject({
    'content-type': expect.stringContaining('javascript'),
    'cache-control': 'private, max-age=31536000, immutable',
  })
  const icon = await ask(api, { path: '/icon.svg', headers: browser })
  expect(icon.headers).toMatchObject({ 'content-type': expect.stringContaining('image/svg+xml'), 'cache-control': 'no-cache' })
  const again = await ask(api, { path: '/icon.svg', headers: { ...browser, 'if-none-match': String(icon.headers.etag) } })
  expect(again.status).toBe(304)
})

it.each([
  '/../secret.txt',
  '/..%2fsecret.txt',
  '/%2e%2e/secret.txt',
  '/assets/..%2f..%2f..%2fsecret.txt',
  '/..%5csecret.txt',
  '//etc/passwd',
  '/.env',
  '/%00',
  '/assets',
  '/missing.js',
])('%s leads nowhere', async (path) => {
  const api = await startTestApi({ pageDir: pageDir() })
  const answer = await ask(api, { path, headers: { ...bearer, accept: '*/*' } })
  expect(answer.status).toBeGreaterThanOrEqual(400)
  expect(answer.status).toBeLessThan(500)
  expect(answer.text).not.toBe('secret')
  expect(answer.headers['content-type']).toContain('application/problem+json')
})

it('a program that asks for something that is not there is told so, even with a page', async () => {
  const api = await startTestApi({ pageDir: pageDir() })
  expect((await ask(api, { path: '/overview', headers: bearer })).json()).toMatchObject({ status: 404 })
  expect((await ask(api, { path: '/api/v1/nothing', headers: browser })).json()).toMatchObject({ status: 404 })
  expect((await ask(api, { path: '/api/v1/apply', headers: browser })).json()).toMatchObject({ status: 405 })
  expect((await ask(api, { method: 'POST', path: '/overview', headers: bearer })).json()).toMatchObject({ status: 404 })
})

it('nothing of the page is shown to a stranger, who learns how to sign in', async () => {
  const api = await startTestApi({ pageDir: pageDir() })
  for (const path of ['/', '/overview', '/assets/index-DkX9a_2b.js']) {
    const answer = await ask(api, { path, headers: { accept: browser.accept } })
    expect(answer.status).toBe(401)
    expect(answer.headers['content-type']).toContain('text/html')
    expect(answer.text).toContain('thatdam up')
  }
})

it('a directory without its entry says that there is nothing, not that something broke', async () => {
  const page = pageDir()
  rmSync(join(page, 'index.html'))
  const api = await startTestApi({ pageDir: page })
  expect((await ask(api, { path: '/', headers: browser })).json()).toMatchObject({ status: 404, code: 'not-found' })
})
