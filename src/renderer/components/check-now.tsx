/** "Check now": looks at the whole world, puts right what differs, and says what it came to. */
import { RefreshCw } from 'lucide-react'
import type { Check } from '../stores/check'
import { type Outcome, outcomeOf } from '../words/outcome'
import { useModel, useModelStore } from './model-context'
import { Prose } from './prose'
import { ToneIcon } from './state'

/** How long good news stays, in milliseconds. Bad news stays until the next check. */
const goodNewsMs = 15_000

export function CheckNow() {
  const model = useModel()
  const check = useModelStore(
    (from) => from.check,
    (state) => state,
  )
  const live = useModelStore(
    (from) => from.connection,
    ({ phase }) => phase === 'live',
  )
  const running = check.phase === 'running'
  // Not `disabled`: that would take the keyboard focus away from the person who just pressed it.
  const unavailable = running || !live
  return (
    <div className="check">
      <button
        type="button"
        className="button"
        aria-disabled={unavailable}
        aria-describedby="check-outcome"
        onClick={() => {
          if (!unavailable) void model.checkNow()
        }}
      >
        <RefreshCw className={running ? 'is-turning' : ''} size={14} strokeWidth={1.75} aria-hidden="true" />
        {running ? 'Checking…' : 'Check now'}
      </button>
      <p id="check-outcome" className="check-outcome" role="status">
        <CheckOutcome check={check} />
      </p>
    </div>
  )
}

function CheckOutcome({ check }: { readonly check: Check }) {
  const outcome = outcomeText(check)
  const old = useModelStore(
    (model) => model.clock,
    ({ now }) => 'at' in check && now - check.at > goodNewsMs,
  )
  if (outcome === undefined || (outcome.tone === 'ok' && old)) return null
  return (
    <>
      <ToneIcon tone={outcome.tone} size={14} />
      <span>
        <Prose text={outcome.text} />
      </span>
    </>
  )
}

function outcomeText(check: Check): Outcome | undefined {
  if (check.phase === 'done') return outcomeOf(check.result)
  if (check.phase === 'failed') return { tone: 'bad', text: [check.error.message, check.error.hint].filter(Boolean).join(' ') }
  return undefined
}
