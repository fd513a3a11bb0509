/** `thatdam data put`, `get`, `ls`, `rm`, `copy`, `restore`. */
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { runCli } from '../../../../../src/main/cli/run-cli'
import { UserError } from '../../../../../src/shared/errors'
import { never } from '../../api/data/workbench'
import { fakeTerminal } from '../fakes'
import { hostAt, shellAt, standIn, startShell } from './shell'

const sha256 = { hello: '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824' }

describe('put and get', () => {
  it('carry the bytes of a file, its type and its metadata', async () => {
    const { cwd, thatdam, plane } = await startShell()
    const bytes = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7) % 256)
    writeFileSync(join(cwd, 'take.mov'), bytes)
    const args = ['put', 'art', 'day 1/take.mov', 'take.mov', '--type', 'video/quicktime', '--meta', 'Camera=B', '--meta', 'ort=Süd (2)']
    const put = await thatdam([...args, '--json'])
    expect(put).toMatchObject({ status: 0, err: '' })
    expect(put.json()).toMatchObject({ key: 'day 1/take.mov', size: 300_000, content_type: 'video/quicktime' })
    expect(await plane.storage.head('art', 'day 1/take.mov', {}, never)).toMatchObject({
      contentType: 'video/quicktime',
      metadata: { Camera: 'B', ort: 'Süd (2)' },
    })
    const got = await thatdam(['get', 'art', 'day 1/take.mov', 'back.mov', '--json'])
    expect(got.json()).toMatchObject({ file: 'back.mov', key: 'day 1/take.mov', size: 300_000, content_type: 'video/quicktime' })
    expect(Buffer.compare(readFileSync(join(cwd, 'back.mov')), bytes)).toBe(0)
    expect(readdirSync(cwd).sort()).toEqual(['back.mov', 'take.mov'])
  })

  it.each([[[]], [['-']]])('use the standard streams for %j, on which an object stands alone', async (file) => {
    const { thatdam } = await startShell()
    const put = await thatdam(['put', 'art', 'greeting', ...file], { input: 'hello' })
    expect(put.out).toBe(`art/greeting  5 bytes\n  sha256 ${sha256.hello}\n`)
    for (const json of [[], ['--json']]) {
      expect(await thatdam(['get', 'art', 'greeting', ...file, ...json])).toMatchObject({ status: 0, out: 'hello', err: '' })
    }
  })

  it.each([
    'with space',
    'a+b&c=d',
    '100%',
    '%2e%2e%2F',
    'what?#really',
    '"quoted"',
    'Über/日本語/🎬',
    '.',
    '..',
    '../../etc/passwd',
    'a/../b',
    '/leading',
    'a//b',
    'trailing/',
    '-',
    'line\nend\ttab',
    'k'.repeat(1_024),
  ])('take the key %j as it is', async (key) => {
    const { thatdam, plane } = await startShell()
    expect((await thatdam(['put', 'art', '--', key], { input: key })).status).toBe(0)
    expect((await plane.storage.list('art', {}, never)).objects.map((one) => one.key)).toEqual([key])
    expect((await thatdam(['get', 'art', '--', key])).out).toBe(key)
    expect((await thatdam(['copy', '--', 'art', key, 'film', key])).status).toBe(0)
    expect((await thatdam(['get', 'film', '--', key])).out).toBe(key)
    expect((await thatdam(['rm', 'art', '--', key])).out).toBe('Deleted.\n')
    expect((await plane.storage.list('art', {}, never)).objects).toEqual([])
  })

  it('put only where there is nothing, or over what was seen', async () => {
    const { thatdam } = await startShell()
    expect((await thatdam(['put', 'art', 'k', '--if-none-match'], { input: 'hello' })).status).toBe(0)
    const refused = await thatdam(['put', 'art', 'k', '--if-none-match', '--json'], { input: 'other' })
    expect(refused).toMatchObject({ status: 1 })
    expect(refused.json()).toMatchObject({ error: { code: 'precondition-failed', message: expect.stringContaining('art/k') } })
    expect((await thatdam(['put', 'art', 'k', '--if-match', '0'.repeat(64)], { input: 'other' })).status).toBe(1)
    expect((await thatdam(['get', 'art', 'k'])).out).toBe('hello')
    expect((await thatdam(['put', 'art', 'k', '--if-match', sha256.hello], { input: 'other' })).status).toBe(0)
    expect((await thatdam(['get', 'art', 'k'])).out).toBe('other')
  })

  it('get a range, and say of which object it is', async () => {
    const { cwd, thatdam } = await startShell()
    await thatdam(['put', 'art', 'k'], { input: 'hello' })
    expect((await thatdam(['get', 'art', 'k', '--range', '1-3'])).out).toBe('ell')
    expect((await thatdam(['get', 'art', 'k', 'part', '--range', '-2'])).out).toBe(
      `part  2 bytes\n  bytes 3-4/5 of the object with sha256 ${sha256.hello}\n`,
    )
    expect(readFileSync(join(cwd, 'part'), 'utf8')).toBe('lo')
    expect(await thatdam(['get', 'art', 'k', '--range', '9-'])).toMatchObject({ status: 1, out: '' })
  })

  it('are refused in words that name the bucket, the key or the file', async () => {
    const { cwd, thatdam } = await startShell()
    mkdirSync(join(cwd, 'folder'))
    writeFileSync(join(cwd, 'file'), 'x')
    const says = async (args: readonly string[], code: string, text: string) => {
      const ran = await thatdam([...args, '--json'])
      expect(ran.status).toBe(1)
      expect(ran.json()).toMatchObject({ error: { code, message: expect.stringContaining(text) } })
    }
    await says(['get', 'art', 'absent'], 'not-found', 'art/absent')
    await says(['put', 'nobucket', 'k'], 'not-found', 'nobucket')
    await says(['put', 'No_Bucket', 'k'], 'invalid', 'No_Bucket')
    await says(['put', '..', 'k'], 'invalid', '".."')
    await says(['put', 'art', 'k'.repeat(1_025)], 'invalid', '1025 bytes')
    await says(['put', 'art', 'k', 'absent'], 'unreadable-file', 'no file absent')
    await says(['put', 'art', 'k', 'folder'], 'not-a-file', 'folder is a directory')
    await says(['put', 'art', 'k', '--meta', 'camera'], 'usage', '--meta takes NAME=VALUE')
    await says(['put', 'art', 'k', '--type', 'a\nb'], 'usage', 'content-type')
    await says(['get', 'art', 'k', 'folder'], 'not-a-file', 'folder is a directory')
    await says(['get', 'art', 'k', 'no/where'], 'unwritable-file', 'no directory for no/where')
    await says(['get', 'art', 'k', 'file/in'], 'unwritable-file', 'no directory for file/in')
    await says(['ls', 'art', '--limit', 'few'], 'usage', '--limit')
    expect(readdirSync(cwd).sort()).toEqual(['file', 'folder'])
  })
})

describe('an input that breaks off', () => {
  it('leaves the object that was there, and is told as what it was', async () => {
    const { plane, thatdam } = await startShell()
    await thatdam(['put', 'art', 'k'], { input: 'hello' })
    const broken = new UserError('unreadable-file', 'The tape is torn.')
    const terminal = {
      ...fakeTerminal(),
      async *input() {
        yield new Uint8Array(200_000)
        throw broken
      },
    }
    expect(await runCli(['data', 'put', 'art', 'k'], terminal, hostAt(plane.url))).toBe(1)
    expect(terminal.written.err).toBe('error: The tape is torn.\n')
    expect((await thatdam(['get', 'art', 'k'])).out).toBe('hello')
  })
})

describe('the file that get writes', () => {
  it('is the old one where the answer breaks off, with nothing half-written beside it', async () => {
    const url = await standIn((_request, response) => {
      response.writeHead(200, { 'content-length': '1000', etag: '"e"' })
      response.write('half of it', () => response.destroy())
    })
    const { cwd, thatdam } = shellAt(url)
    writeFileSync(join(cwd, 'kept'), 'old')
    for (const file of ['kept', 'new']) {
      const ran = await thatdam(['get', 'art', 'k', file, '--json'])
      expect(ran.json()).toMatchObject({ error: { code: 'unavailable', message: expect.stringContaining('broke off') } })
    }
    expect(readdirSync(cwd)).toEqual(['kept'])
    expect(readFileSync(join(cwd, 'kept'), 'utf8')).toBe('old')
  })

  it('is not written, and the storage is named, where that broke off and not the node', async () => {
    let asked = 0
    const away = 'media: MinIO at http://nas:9000 refused the connection; nothing listens there.'
    const url = await standIn((_request, response) => {
      if (asked++ > 0) {
        response.writeHead(503, { 'content-type': 'application/problem+json' })
        response.end(JSON.stringify({ type: 'about:blank', title: 'Unavailable', status: 503, code: 'unavailable', detail: away }))
        return
      }
      response.writeHead(200, { 'content-length': '1000', etag: '"e"' })
      response.write('half of it', () => response.destroy())
    })
    const { cwd, thatdam } = shellAt(url)
    const ran = await thatdam(['get', 'art', 'k', 'new', '--json'])
    expect(ran.json()).toMatchObject({ error: { code: 'unavailable', message: `art/k broke off in the middle: ${away}` } })
    expect(readdirSync(cwd)).toEqual([])
  })

  it('is replaced with its rights, also behind a link', async () => {
    const { cwd, thatdam } = await startShell()
    await thatdam(['put', 'art', 'k'], { input: 'hello' })
    writeFileSync(join(cwd, 'secret'), 'old', { mode: 0o600 })
    symlinkSync('secret', join(cwd, 'link'))
    expect((await thatdam(['get', 'art', 'k', 'link'])).status).toBe(0)
    expect(lstatSync(join(cwd, 'link')).isSymbolicLink()).toBe(true)
    expect(readFileSync(join(cwd, 'secret'), 'utf8')).toBe('hello')
    expect(statSync(join(cwd, 'secret')).mode & 0o777).toBe(0o600)
  })

  it.skipIf(!existsSync('/dev/null'))('may be a device, which stays one', async () => {
    const { thatdam } = await startShell()
    await thatdam(['put', 'art', 'k'], { input: 'hello' })
    expect((await thatdam(['get', 'art', 'k', '/dev/null'])).status).toBe(0)
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true)
  })
})

describe('ls', () => {
  it('lists keys in order, folders by the delimiter, and what begins with a prefix', async () => {
    const { thatdam } = await startShell()
    expect((await thatdam(['ls', 'art'])).out).toBe('Nothing there.\n')
    for (const key of ['b', 'a/1', 'a/2', 'c/3']) await thatdam(['put', 'art', key], { input: 'x' })
    const keys = async (...args: string[]) => {
      const { objects, prefixes } = (await thatdam(['ls', 'art', ...args, '--json'])).json() as {
        objects: { key: string }[]
        prefixes: string[]
      }
      return [objects.map(({ key }) => key), prefixes]
    }
    expect(await keys()).toEqual([['a/1', 'a/2', 'b', 'c/3'], []])
    expect(await keys('a/')).toEqual([['a/1', 'a/2'], []])
    expect(await keys('--delimiter', '/')).toEqual([['b'], ['a/', 'c/']])
    expect((await thatdam(['ls', 'art', '--limit', '2', '--json'])).json()).toMatchObject({ next: 'a/2' })
    const shown = (await thatdam(['ls', 'art', '--delimiter', '/'])).out
    expect(
      shown
        .replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/, 'AT')
        .trimEnd()
        .split('\n'),
    ).toHaveLength(3)
  })

  it('goes through all pages', async () => {
    const keys = Array.from({ length: 2_500 }, (_, i) => `k${String(i).padStart(5, '0')}`)
    const url = await standIn((request, response) => {
      const { searchParams } = new URL(request.url ?? '', 'http://node')
      const [after, limit] = [searchParams.get('after') ?? '', Number(searchParams.get('limit'))]
      const rest = keys.filter((key) => key > after)
      const page = rest.slice(0, limit)
      const objects = page.map((key) => ({ key, size: 1, etag: 'e', modified: '2026-11-24T00:00:00.000Z' }))
      response.end(JSON.stringify({ objects, prefixes: [], ...(rest.length > limit ? { next: page.at(-1) } : {}) }))
    })
    const { thatdam } = shellAt(url)
    const listed = async (...args: string[]) =>
      ((await thatdam(['ls', 'art', '--json', ...args])).json() as { objects: { key: string }[] }).objects.map(({ key }) => key)
    expect(await listed()).toEqual(keys)
    expect(await listed('--limit', '1500')).toEqual(keys.slice(0, 1_500))
  })
})

describe('versions', () => {
  it('are listed, got, restored and removed by their ids', async () => {
    const { thatdam } = await startShell()
    for (const input of ['first', 'second']) await thatdam(['put', 'film', 'k'], { input })
    expect((await thatdam(['rm', 'film', 'k'])).out).toBe('Hidden; the versions of k are kept.\n')
    expect((await thatdam(['get', 'film', 'k'])).status).toBe(1)
    const versions = async () =>
      ((await thatdam(['ls', 'film', '--versions', '--json'])).json() as { versions: { version: string; delete_marker: boolean }[] })
        .versions
    const [marker, second, first] = await versions()
    expect([marker?.delete_marker, second?.delete_marker]).toEqual([true, false])
    expect((await thatdam(['ls', 'film', '--versions'])).out.split('\n')[0]).toMatch(/deleted +[0-9a-f-]{36} +newest +k$/)
    expect((await thatdam(['get', 'film', 'k', '--version', first?.version ?? ''])).out).toBe('first')
    expect((await thatdam(['restore', 'film', 'k', first?.version ?? ''])).status).toBe(0)
    expect((await thatdam(['get', 'film', 'k'])).out).toBe('first')
    expect((await thatdam(['rm', 'film', 'k', '--version', second?.version ?? ''])).out).toBe('Deleted.\n')
    expect((await versions()).map(({ version }) => version)).not.toContain(second?.version)
  })
})
