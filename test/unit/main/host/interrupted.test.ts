/** A command that works in its own process and is asked to stop. */
import { expect, it } from 'vitest'
import { attach, type Context, withNode } from '../../../../src/main/cli/context'
import { fakeHost, fakeNode, fakeTerminal } from '../cli/fakes'

/** A command attached to a node whose apply goes on until somebody closes it, as one does that tries again and again. */
function command() {
  const interrupt = new AbortController()
  const stopping = Promise.withResolvers<never>()
  // Where apply was never asked for, nobody waits for this.
  stopping.promise.catch(() => undefined)
  let closes = 0
  const host = fakeHost({
    parts: {
      attach: async () => ({
        client: fakeNode({ apply: () => stopping.promise }).client,
        running: false,
        isSetUp: async () => true,
        async close() {
          closes++
          stopping.reject(new Error('the node is stopping'))
        },
      }),
    },
  })
  const context: Context = {
    terminal: fakeTerminal(),
    host,
    json: false,
    data: '/data',
    file: undefined,
    interrupted: interrupt.signal,
  }
  return { interrupt, closes: () => closes, apply: () => withNode(attach(context), (client) => client.call('apply', {}, interrupt.signal)) }
}

it('does not wait for the retries of its apply, and ends with the interruption', async () => {
  const { interrupt, closes, apply } = command()
  const applying = apply()
  setTimeout(() => interrupt.abort(), 20)
  const error = await applying.catch((error: unknown) => error)
  expect(error).toBe(interrupt.signal.reason)
  expect(closes()).toBe(1)
})

it('asks nothing of a node once it was interrupted', async () => {
  const { interrupt, closes, apply } = command()
  interrupt.abort()
  await expect(apply()).rejects.toBe(interrupt.signal.reason)
  expect(closes()).toBe(1)
})
