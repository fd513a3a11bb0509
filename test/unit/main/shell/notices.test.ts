import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { serveNotices } from '../../../../src/main/shell/notices'
import { fixturesAt } from '../../../../src/renderer/fixtures'
import { type NoticeBatch, noticeChannel } from '../../../../src/shared/bridge'
import { UserError } from '../../../../src/shared/errors'
import type { NodeClient, Notice } from '../../../../src/shared/node-contract'
import * as electron from './electron-stand-in'

vi.mock('electron', () => import('./electron-stand-in'))

const { converged } = fixturesAt(0)

const status = (resources: number): Notice => {
  if (converged.status === null) throw new TypeError('the fixture has a status')
  return { type: 'status', status: { ...converged.status, resources } }
}

const event = (n: number): Notice => {
  const [first] = converged.events
  if (first === undefined) throw new TypeError('the fixture has events')
  return { type: 'event', event: { ...first, event_id: String(n) } }
}

/** A node whose notices the test hands out one by one. */
function scriptedNode() {
  const subscriptions: { push(notice: Notice): void; fail(error: Error): void; signal: AbortSignal }[] = []
  const client: NodeClient = {
    call: () => Promise.reject(new TypeError('not asked in these tests')),
    async *notices(signal) {
      const waiting: (Notice | Error)[] = []
      let wake = Promise.withResolvers<void>()
      const add = (next: Notice | Error) => {
        waiting.push(next)
        wake.resolve()
      }
      subscriptions.push({ push: add, fail: add, signal })
      signal.addEventListener('abort', () => wake.resolve())
      while (!signal.aborted) {
        const next = waiting.shift()
        if (next instanceof Error) throw next
        if (next !== undefined) yield next
        else {
          await wake.promise
          wake = Promise.withResolvers<void>()
        }
      }
    },
  }
  return { client, subscriptions }
}

describe('notices to the window', () => {
  let window: electron.BrowserWindow
  let node: ReturnType<typeof scriptedNode>

  beforeEach(() => {
    vi.useFakeTimers()
    electron.reset()
    window = new electron.BrowserWindow({})
    node = scriptedNode()
    serveNotices(window as never, Promise.resolve({ client: node.client, close: async () => {} }))
  })
  afterEach(() => vi.useRealTimers())

  const fromPage = () => ({ sender: window.webContents, senderFrame: window.webContents.mainFrame })
  const batches = () => window.webContents.sent.map(([channel, batch]) => (channel === noticeChannel ? (batch as NoticeBatch) : channel))

  async function subscribe() {
    electron.ipcMain.emit(noticeChannel, fromPage(), true)
    await vi.advanceTimersByTimeAsync(0)
    const newest = node.subscriptions.at(-1)
    if (newest === undefined) throw new TypeError('nobody subscribed')
    return newest
  }

  it('start when the page asks, with the first at once', async () => {
    const { push } = await subscribe()
    push(status(1))
    await vi.advanceTimersByTimeAsync(0)
    expect(batches()).toEqual([{ ok: true, value: [status(1)] }])
  })

  it('gather into one batch while the window rests, in order, with the newest status alone', async () => {
    const { push } = await subscribe()
    push(status(1))
    await vi.advanceTimersByTimeAsync(0)
    push(status(2))
    push(event(1))
    push(event(2))
    push(status(3))
    await vi.advanceTimersByTimeAsync(50)
    expect(batches().slice(1)).toEqual([{ ok: true, value: [event(1), event(2), status(3)] }])
  })

  it('hold a bounded number of events, the newest', async () => {
    const { push } = await subscribe()
    push(event(0))
    await vi.advanceTimersByTimeAsync(0)
    for (let n = 1; n <= 2000; n++) push(event(n))
    await vi.advanceTimersByTimeAsync(50)
    const [, second] = batches()
    const ids =
      typeof second === 'object' && second.ok ? second.value.map((notice) => notice.type === 'event' && notice.event.event_id) : []
    expect([ids.length, ids[0], ids.at(-1)]).toEqual([500, '1501', '2000'])
  })

  it('rest when there is nothing to say', async () => {
    const { push } = await subscribe()
    push(status(1))
    await vi.advanceTimersByTimeAsync(200)
    expect([batches().length, vi.getTimerCount()]).toEqual([1, 0])
  })

  it('end with the error of a node that goes away, after all it said', async () => {
    const { push, fail } = await subscribe()
    push(status(1))
    await vi.advanceTimersByTimeAsync(0)
    push(event(1))
    fail(new UserError('unavailable', 'The node went away.', { hint: 'Start it.' }))
    await vi.advanceTimersByTimeAsync(0)
    expect(batches().slice(1)).toEqual([
      { ok: true, value: [event(1)] },
      { ok: false, error: { code: 'unavailable', message: 'The node went away.', hint: 'Start it.' } },
    ])
    expect(vi.getTimerCount()).toBe(0)
  })

  it.each<[string, () => void]>([
    ['the page says stop', () => electron.ipcMain.emit(noticeChannel, fromPage(), false)],
    ['the window closes', () => window.emit('closed')],
    ['the page dies', () => window.webContents.emit('render-process-gone')],
  ])('stop when %s', async (_when, stop) => {
    const { push, signal } = await subscribe()
    push(status(1))
    await vi.advanceTimersByTimeAsync(0)
    stop()
    push(status(2))
    await vi.advanceTimersByTimeAsync(100)
    expect([signal.aborted, batches().length]).toEqual([true, 1])
  })

  it('go only to the newest subscription of a page that was loaded again', async () => {
    const first = await subscribe()
    const second = await subscribe()
    second.push(status(2))
    await vi.advanceTimersByTimeAsync(0)
    expect([first.signal.aborted, batches()]).toEqual([true, [{ ok: true, value: [status(2)] }]])
  })

  it('are not for a page from elsewhere', async () => {
    electron.ipcMain.emit(noticeChannel, { sender: window.webContents, senderFrame: new electron.Frame('https://example.org/') }, true)
    await vi.advanceTimersByTimeAsync(0)
    expect(node.subscriptions).toEqual([])
  })
})
