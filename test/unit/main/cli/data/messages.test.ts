/** `thatdam data publish` and `consume`. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { runCli } from '../../../../../src/main/cli/run-cli'
import { dataLimits } from '../../../../../src/shared/data-plane'
import { fakeTerminal, type Ran } from '../fakes'
import { hostAt, type Shell, shellAt, standIn, startShell } from './shell'

async function publish({ thatdam }: Shell, ...bodies: string[]): Promise<void> {
  for (const input of bodies) expect((await thatdam(['publish', 'orders', 'order.new', '--type', 'text/plain'], { input })).status).toBe(0)
}

const messages = ({ out }: Ran) =>
  out
    .trimEnd()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { body: unknown; redelivered: boolean })
const bodies = (ran: Ran) => messages(ran).map(({ body }) => body)

describe('publish', () => {
  it('sends the body with its type, headers and id, once', async () => {
    const shell = await startShell()
    const args = ['publish', 'orders', 'order.new', '--type', 'application/json', '--header', 'From=me & you', '--id', 'order-1', '--json']
    for (let i = 0; i < 2; i++) {
      expect((await shell.thatdam(args, { input: '{"n":1}' })).json()).toEqual({ message_id: 'order-1', routed: true })
    }
    const ran = await shell.thatdam(['consume', 'work', '--count', '1', '--json'])
    expect(messages(ran)).toEqual([
      {
        delivery: expect.any(String),
        exchange: 'orders',
        routing_key: 'order.new',
        headers: { From: 'me & you' },
        idempotency_key: 'order-1',
        redelivered: false,
        content_type: 'application/json',
        body: { n: 1 },
      },
    ])
    const rest = await shell.plane.bus.consume('work', { prefetch: 1 }, new AbortController().signal)
    await publish(shell, 'after')
    for await (const { body } of rest) {
      expect(Buffer.from(body).toString()).toBe('after')
      break
    }
  })

  it('reaches a queue by its name through the exchange without one', async () => {
    const shell = await startShell()
    expect((await shell.thatdam(['publish', '', 'work'], { input: 'direct' })).status).toBe(0)
    expect((await shell.thatdam(['consume', 'work', '--count', '1'])).out).toContain(`${Buffer.from('direct').toString('base64')} (base64)`)
  })

  it('says when nobody gets it, which is an error where somebody has to', async () => {
    const { thatdam } = await startShell()
    expect((await thatdam(['publish', 'orders', 'nothing'], { input: 'x' })).out).toContain('no queue is bound for it')
    const refused = await thatdam(['publish', 'orders', 'nothing', '--mandatory', '--json'], { input: 'x' })
    expect(refused.json()).toMatchObject({ error: { code: 'not-found' } })
  })

  it('refuses in words what cannot be sent, without holding all of it', async () => {
    const { cwd, thatdam } = await startShell()
    writeFileSync(join(cwd, 'large'), new Uint8Array(dataLimits.messageBody + 1))
    const says = async (args: readonly string[], code: string, text: string) => {
      expect((await thatdam([...args, '--json'])).json()).toMatchObject({ error: { code, message: expect.stringContaining(text) } })
    }
    await says(['publish', 'orders', 'order.new', 'large'], 'too-large', 'large is larger than the 16 MiB')
    await says(['publish', 'absent', 'k'], 'not-found', 'absent')
    await says(['publish', 'orders', 'k', '--header', 'x'], 'usage', '--header takes NAME=VALUE')
    await says(['publish', 'orders', 'k', '--ttl', 'soon'], 'invalid', 'ttl_ms=soon')
    await says(['publish', 'orders', 'k'.repeat(256)], 'invalid', '256 bytes')
  })
})

describe('consume', () => {
  it('prints messages in order, acknowledges each, and ends after the count', async () => {
    const shell = await startShell()
    await publish(shell, 'one', 'two', 'three')
    expect(bodies(await shell.thatdam(['consume', 'work', '--count', '2', '--json']))).toEqual(['one', 'two'])
    const { out } = await shell.thatdam(['consume', 'work', '--count', '1'])
    expect(out).toMatch(/^orders order\.new {2}text\/plain {2}[0-9a-f-]{36}(?: {2}redelivered)?\n {2}three\n$/)
  })

  it('leaves them in the queue with --no-ack, however many there are', async () => {
    const shell = await startShell()
    const all = Array.from({ length: 40 }, (_, i) => `m${i}`)
    await publish(shell, ...all)
    expect(bodies(await shell.thatdam(['consume', 'work', '--count', '40', '--no-ack', '--json']))).toEqual(all)
    const again = messages(await shell.thatdam(['consume', 'work', '--count', '40', '--json']))
    expect(again.map(({ body }) => body)).toEqual(all)
    expect(again.every(({ redelivered }) => redelivered)).toBe(true)
  })

  it('sends them to the dead-letter exchange with --reject', async () => {
    const shell = await startShell()
    await publish(shell, 'poison')
    expect(bodies(await shell.thatdam(['consume', 'work', '--count', '1', '--reject', '--json']))).toEqual(['poison'])
    expect(bodies(await shell.thatdam(['consume', 'dead', '--count', '1', '--json']))).toEqual(['poison'])
  })

  it('gives back what was not acknowledged when it is stopped, and exits well', async () => {
    const shell = await startShell()
    await publish(shell, 'one', 'two')
    const terminal = fakeTerminal()
    const running = runCli(['data', 'consume', 'work', '--no-ack', '--json'], terminal, hostAt(shell.plane.url))
    await expect.poll(() => terminal.written.out).toContain('two')
    terminal.signal('SIGINT')
    expect(await running).toBe(0)
    expect(bodies(await shell.thatdam(['consume', 'work', '--count', '2', '--json']))).toEqual(['one', 'two'])
  })

  it('does not acknowledge what nobody reads any more', async () => {
    const shell = await startShell()
    await publish(shell, 'one', 'two')
    const terminal = fakeTerminal()
    const gone = {
      ...terminal,
      async write(bytes: Uint8Array) {
        await terminal.write(bytes)
        terminal.closeReader()
      },
    }
    expect(await runCli(['data', 'consume', 'work', '--json'], gone, hostAt(shell.plane.url))).toBe(0)
    expect(bodies(await shell.thatdam(['consume', 'work', '--count', '2', '--json']))).toEqual(['one', 'two'])
  })

  it('is told, as a line of JSON, why a stream cannot be or cannot go on', async () => {
    const { thatdam } = await startShell()
    const absent = await thatdam(['consume', 'absent', '--json'])
    expect(absent).toMatchObject({ status: 1, out: expect.stringMatching(/^\{.*\}\n$/) })
    expect(absent.json()).toMatchObject({ error: { code: 'not-found', message: expect.stringContaining('absent') } })

    const problem = { type: 'about:blank', title: 'Gone', status: 404, detail: 'queue work was deleted', code: 'not-found' }
    const deleted = shellAt(
      await standIn((_request, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        response.end(`: subscribed\n\nevent: error\ndata: ${JSON.stringify(problem)}\n\n`)
      }),
    )
    expect((await deleted.thatdam(['consume', 'work', '--json'])).json()).toEqual({
      error: { code: 'not-found', message: 'queue work was deleted' },
    })
    for (const end of ['end', 'destroy'] as const) {
      const stopping = shellAt(
        await standIn((_request, response) => {
          response.writeHead(200, { 'content-type': 'text/event-stream' })
          response.write(': subscribed\n\n', () => response[end]())
        }),
      )
      expect((await stopping.thatdam(['consume', 'work', '--json'])).json()).toMatchObject({ error: { code: 'unavailable' } })
    }
  })

  it.each([
    [['--count', '0'], '--count'],
    [['--count', 'all'], '--count'],
    [['--prefetch', '1.5'], '--prefetch'],
    [['--reject', '--no-ack'], '--reject and --no-ack'],
  ])('refuses %j', async (args, text) => {
    const { thatdam } = shellAt('http://127.0.0.1:1')
    expect((await thatdam(['consume', 'work', ...args, '--json'])).json()).toMatchObject({
      error: { code: 'usage', message: expect.stringContaining(text) },
    })
  })
})
