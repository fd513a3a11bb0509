import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { contentSecurityPolicy, registerPageScheme, servePage } from '../../../../src/main/shell/page'
import * as electron from './electron-stand-in'

vi.mock('electron', () => import('./electron-stand-in'))

describe('the page of the window', () => {
  let root: string

  beforeEach(async () => {
    electron.reset()
    root = await mkdtemp(join(tmpdir(), 'thatdam-shell-'))
    await mkdir(join(root, 'page', 'assets'), { recursive: true })
    await writeFile(join(root, 'page', 'index.html'), '<h1>page</h1>')
    await writeFile(join(root, 'page', 'assets', 'a b.js'), '1')
    await writeFile(join(root, 'secret.txt'), 'secret')
    await servePage(join(root, 'page'))
  })
  afterEach(() => rm(root, { recursive: true, force: true }))

  it('has an origin of its own, standard and secure, that obeys content security policies', () => {
    registerPageScheme()
    expect(electron.protocol.schemes).toEqual([
      { scheme: 'app', privileges: { standard: true, secure: true, supportFetchAPI: true, corsEnabled: true, codeCache: true } },
    ])
  })

  it.each([
    ['app://thatdam/', 'text/html; charset=utf-8', '<h1>page</h1>'],
    ['app://thatdam/index.html', 'text/html; charset=utf-8', '<h1>page</h1>'],
    ['app://thatdam/index.html?x=1#y', 'text/html; charset=utf-8', '<h1>page</h1>'],
    ['app://thatdam/assets/a%20b.js', 'text/javascript; charset=utf-8', '1'],
  ])('serves %s', async (url, type, body) => {
    const response = await electron.protocol.fetch(url)
    expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([200, type, body])
  })

  it.each([
    'app://thatdam/../secret.txt',
    'app://thatdam/%2e%2e/secret.txt',
    'app://thatdam/..%2fsecret.txt',
    'app://thatdam/..%5csecret.txt',
    'app://thatdam/assets/../../secret.txt',
    'app://thatdam//etc/passwd',
    'app://thatdam/C:/secret.txt',
    'app://thatdam/index.html%00',
    'app://thatdam/assets',
    'app://thatdam/nothing.js',
    'app://other/index.html',
  ])('serves nothing for %s', async (url) => {
    const response = await electron.protocol.fetch(url)
    expect(response.status).toBe(404)
  })

  it('answers only a GET', async () => {
    const response = await electron.protocol.fetch('app://thatdam/index.html', { method: 'POST' })
    expect(response.status).toBe(404)
  })

  it('sends its policy with every answer, found or not', async () => {
    for (const url of ['app://thatdam/', 'app://thatdam/nothing']) {
      const { headers } = await electron.protocol.fetch(url)
      expect([headers.get('content-security-policy'), headers.get('x-content-type-options')]).toEqual([contentSecurityPolicy, 'nosniff'])
    }
  })

  it('allows no source but its own files, and no inline script or style', () => {
    expect(contentSecurityPolicy).not.toMatch(/unsafe|\*|http/)
    expect(contentSecurityPolicy).toContain("default-src 'none'")
    expect(contentSecurityPolicy).toContain("connect-src 'none'")
  })

  it('has the same policy in the page itself, which may also reach its own origin and cannot forbid frames', async () => {
    const html = await readFile('src/renderer/index.html', 'utf8')
    const own = /http-equiv="Content-Security-Policy"\s+content="([^"]+)"/.exec(html)?.[1]
    expect(own).toBe(contentSecurityPolicy.replace("connect-src 'none'", "connect-src 'self'").replace(" frame-ancestors 'none';", ''))
  })
})
