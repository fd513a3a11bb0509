/** The node over the desktop window's bridge. */
import type { Answer, Bridge, NoticeBatch } from '../shared/bridge'
import { fromErrorBody } from '../shared/errors'
import type { CallInput, CallName, CallOutput, NodeClient, Notice } from '../shared/node-contract'

/** The main process is part of this application, so what it answers is what the contract says. */
export function createIpcClient(bridge: Bridge): NodeClient {
  return {
    async call<N extends CallName>(name: N, input: CallInput<N>, signal?: AbortSignal): Promise<CallOutput<N>> {
      signal?.throwIfAborted()
      return unwrap(await bridge.call(name, input)) as CallOutput<N>
    },

    async *notices(signal: AbortSignal): AsyncGenerator<Notice, void, undefined> {
      const waiting: NoticeBatch[] = []
      let wake = () => {}
      const stop = bridge.onNotice((batch) => {
        waiting.push(batch)
        wake()
      })
      const onAbort = () => wake()
      signal.addEventListener('abort', onAbort)
      try {
        while (!signal.aborted) {
          const batch = waiting.shift()
          if (batch === undefined) {
            await new Promise<void>((resolve) => {
              wake = resolve
            })
          } else {
            yield* unwrap(batch)
          }
        }
      } finally {
        signal.removeEventListener('abort', onAbort)
        stop()
      }
    },
  }
}

function unwrap<T>(answer: Answer<T>): T {
  if (!answer.ok) throw fromErrorBody(answer.error)
  return answer.value
}
