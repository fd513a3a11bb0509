/** What the tests of the page's model share: fixtures, and a node that does as it is told. */
import { type Fixture, type FixtureName, fixturesAt } from '../../../src/renderer/fixtures'
import { UserError } from '../../../src/shared/errors'
import type { BootstrapEvent } from '../../../src/shared/events'
import type { NodeClient, Notice } from '../../../src/shared/node-contract'
import type { Status } from '../../../src/shared/status'

export const fixture = (name: FixtureName): Fixture => fixturesAt(0)[name]

export function statusOf(name: FixtureName): Status {
  const { status } = fixture(name)
  if (status === null) throw new TypeError(`fixture ${name} has no status`)
  return status
}

export const unreachable = new UserError('unavailable', 'The node does not answer.', { hint: 'Start it.' })

export function someEvent(n: number): BootstrapEvent {
  const [first] = fixture('converged').events
  if (first === undefined) throw new TypeError('the fixture has events')
  return { ...first, event_id: `9${String(n).padStart(6, '0')}` }
}

/** A node that the test leads: it answers from `answers` and says what the test pushes. */
export function ledNode() {
  const calls: string[] = []
  const answers: Record<string, () => unknown> = {}
  let attempts = 0
  let refuse: Error | undefined
  let waiting: (Notice | Error)[] = []
  let wake = Promise.withResolvers<void>()
  const client: NodeClient = {
    call: (async (name: string) => {
      calls.push(name)
      const answer = answers[name]
      if (answer === undefined) throw new TypeError(`no answer to ${name}`)
      return answer()
    }) as NodeClient['call'],
    async *notices(signal) {
      attempts++
      if (refuse !== undefined) throw refuse
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
  return {
    client,
    calls,
    answers,
    attempts: () => attempts,
    say(...notices: Notice[]) {
      waiting.push(...notices)
      wake.resolve()
    },
    goAway(error: Error = unreachable) {
      refuse = error
      waiting.push(error)
      wake.resolve()
    },
    comeBack() {
      refuse = undefined
      waiting = []
    },
  }
}
