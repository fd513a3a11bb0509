/** Which page is shown, by what is known of the node. */
import { useEffect, useRef } from 'react'
import type { Status } from '../shared/status'
import { ConnectionBanner } from './components/connection-banner'
import { useModelStore } from './components/model-context'
import { Rail } from './components/rail'
import { Overview } from './pages/overview'
import { SetUp } from './pages/set-up'
import { SignIn } from './pages/sign-in'
import { headline } from './words/headline'

export function App() {
  const phase = useModelStore(
    (model) => model.connection,
    (state) => state.phase,
  )
  const status = useModelStore(
    (model) => model.status,
    (state) => state.status,
  )
  const page = useRef<HTMLElement>(null)
  const role = status?.role
  const roleBefore = useRef(role)

  useEffect(() => {
    document.title = titleOf(phase === 'signed-out' ? null : status)
  }, [phase, status])

  useEffect(() => {
    // The start button goes away with its page; the keyboard goes on from the top of the next one.
    if (roleBefore.current === 'none' && role !== 'none' && document.activeElement === document.body) page.current?.focus()
    roleBefore.current = role
  }, [role])

  if (phase === 'signed-out') return <SignIn />
  return (
    <div className="app">
      <Rail status={status} />
      <main id="main" ref={page} tabIndex={-1} className={phase === 'lost' ? 'is-stale' : ''}>
        <ConnectionBanner />
        {role === 'none' ? <SetUp /> : <Overview status={status} />}
      </main>
    </div>
  )
}

function titleOf(status: Status | null): string {
  return status === null ? 'ThatDAM' : `${headline(status).text.replace(/\.$/, '')} · ThatDAM`
}
