/** A stand-in for a node that says what a fixture says: `?fixture=NAME` in a development server shows the page in that state. */
import { fromErrorBody, UserError } from '../shared/errors'
import type { CallInput, CallName, CallOutput, NodeClient, Notice } from '../shared/node-contract'
import { type Fixture, type FixtureName, fixtureNames, fixturesAt, turnedAway } from './fixtures'

/** Throws `TypeError` for a name that is none of the fixtures. */
export function createFixtureClient(name: string, now = Date.now()): NodeClient {
  if (!isFixtureName(name)) throw new TypeError(`there is no fixture "${name}"; there are ${fixtureNames.join(', ')}`)
  return clientOf(fixturesAt(now)[name])
}

function isFixtureName(name: string): name is FixtureName {
  return (fixtureNames as readonly string[]).includes(name)
}

export function clientOf(fixture: Fixture): NodeClient {
  let ended = false
  const answers: Partial<{ [N in CallName]: CallOutput<N> }> = {
    setup: fixture.setup,
    events: [...fixture.events],
    apply: fixture.apply,
    ...(fixture.status === null ? {} : { status: fixture.status }),
  }
  return {
    async call<N extends CallName>(name: N, _input: CallInput<N>, signal?: AbortSignal): Promise<CallOutput<N>> {
      signal?.throwIfAborted()
      const answer = answers[name]
      if (answer === undefined) throw new UserError('unavailable', `This fixture has no answer to "${name}".`)
      return answer as CallOutput<N>
    },
    async *notices(signal: AbortSignal): AsyncGenerator<Notice, void, undefined> {
      if (fixture.notices === 'turn-away') throw fromErrorBody(turnedAway)
      if (ended) throw new UserError('unavailable', 'This fixture is a node that went away.', { hint: 'Is it still running?' })
      if (fixture.status !== null) yield { type: 'status', status: fixture.status }
      ended = fixture.notices === 'end'
      if (ended) return
      await new Promise<void>((resolve) => {
        signal.addEventListener('abort', () => resolve(), { once: true })
        if (signal.aborted) resolve()
      })
    },
  }
}
