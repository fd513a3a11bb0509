/** What flows between this computer and the external, in a few words above and below the wire. */
import type { BackendStatus } from '../../shared/status'
import { bytes, count } from './count'
import { duration } from './time'

export interface WireWords {
  readonly above: string
  readonly below: string
}

/** `alone`: the server serves without the embedded backend in front of it. */
export function wireWords(backend: BackendStatus, alone = false): WireWords {
  const { items, bytes: size } = backend.backlog
  const waiting = items === 0 ? 'nothing waiting' : `${count(items, 'change')} waiting, ${bytes(size)}`
  // Nothing waits for a server that serves alone, and what is wrong with it stands below the lane.
  if (alone) return { above: aloneWord(backend), below: '' }
  switch (backend.mode) {
    case 'local':
      return { above: backend.held ? 'held local by a person' : 'local', below: backend.external === null ? '' : waiting }
    case 'catching-up':
      return { above: `catching up, ${waiting}`, below: backend.eta_s === null ? '' : `about ${duration(backend.eta_s * 1000)} left` }
    case 'forward':
      return { above: 'forward', below: waiting }
    case 'degraded':
      return { above: backend.last_error ?? 'away', below: waiting }
  }
}

function aloneWord({ mode, last_error }: BackendStatus): string {
  if (mode !== 'degraded') return 'forward'
  // Until it is looked at, a server counts as away, and nothing is wrong with it.
  return last_error === null ? 'not looked at yet' : 'out of reach'
}
