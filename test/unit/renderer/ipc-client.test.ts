import { beforeEach, describe, expect, it } from 'vitest'
import { fixturesAt } from '../../../src/renderer/fixtures'
import { createIpcClient } from '../../../src/renderer/ipc-client'
import type { Answer, Bridge, NoticeBatch } from '../../../src/shared/bridge'
import type { NodeClient, Notice } from '../../../src/shared/node-contract'

const [first] = fixturesAt(0).converged.events
const notice = (n: number): Notice => {
  if (first === undefined) throw new TypeError('the fixture has events')
  return { type: 'event', event: { ...first, event_id: String(n) } }
}

async function all(notices: AsyncIterable<Notice>): Promise<Notice[]> {
  const seen: Notice[] = []
  for await (const each of notices) seen.push(each)
  return seen
}

describe('the node over the bridge', () => {
  let calls: [name: string, input: unknown][]
  let answer: Answer<unknown>
  let listeners: Set<(batch: NoticeBatch) => void>
  let client: NodeClient

  beforeEach(() => {
    calls = []
    listeners = new Set()
    const bridge: Bridge = {
      call: async (name, input) => {
        calls.push([name, input])
        return answer
      },
      onNotice(listener) {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
    }
    client = createIpcClient(bridge)
  })

  const push = (batch: NoticeBatch) => {
    for (const listener of listeners) listener(batch)
  }

  it('answers with the value', async () => {
    answer = { ok: true, value: [] }
    expect([await client.call('history', {}), calls]).toEqual([[], [['history', {}]]])
  })

  it('rejects with the user error that it was on the other side', async () => {
    answer = { ok: false, error: { code: 'not-set-up', message: 'Not set up yet.', hint: 'Start it.' } }
    await expect(client.call('history', {})).rejects.toMatchObject({
      name: 'UserError',
      code: 'not-set-up',
      message: 'Not set up yet.',
      hint: 'Start it.',
    })
  })

  it('does not ask when the call is aborted already', async () => {
    const reason = new Error('changed my mind')
    await expect(client.call('history', {}, AbortSignal.abort(reason))).rejects.toBe(reason)
    expect(calls).toEqual([])
  })

  it('gives notices one by one, in order, until it is stopped', async () => {
    const stop = new AbortController()
    const seen: Notice[] = []
    const reading = (async () => {
      for await (const each of client.notices(stop.signal)) {
        seen.push(each)
        if (seen.length === 3) stop.abort()
      }
    })()
    push({ ok: true, value: [notice(1), notice(2)] })
    push({ ok: true, value: [notice(3)] })
    await reading
    expect([seen, listeners.size]).toEqual([[notice(1), notice(2), notice(3)], 0])
  })

  it('ends quietly when it is stopped while it waits', async () => {
    const stop = new AbortController()
    const reading = all(client.notices(stop.signal))
    stop.abort()
    expect([await reading, listeners.size]).toEqual([[], 0])
  })

  it('throws what the other side ends with, and lets go of the bridge', async () => {
    const reading = all(client.notices(new AbortController().signal))
    push({ ok: false, error: { code: 'unavailable', message: 'The node went away.' } })
    await expect(reading).rejects.toMatchObject({ code: 'unavailable' })
    expect(listeners.size).toBe(0)
  })
})
