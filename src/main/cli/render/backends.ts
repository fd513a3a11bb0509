/** Each port: what serves it, since when, and what is wrong. */
import type { BackendStatus, Mode, Status } from '../../../shared/status'
import { columns, lines, moment, oneLine, type Paint } from './text'

const modeWords: Readonly<Record<Mode, string>> = {
  local: 'served by this computer',
  'catching-up': 'catching up',
  forward: 'in reach',
  degraded: 'out of reach',
}

export function renderBackends(backends: Status['backends'], paint: Paint): string {
  const ports = Object.entries(backends)
  const table = columns(ports.map(([port, state]) => [port, ...cells(state)]))
  return lines(
    ...ports.flatMap(([, { last_error: error }], i) => [
      table[i] ?? '',
      ...(error === null ? [] : [`  ${paint('red', 'error')} ${oneLine(error)}`]),
    ]),
  )
}

function cells({ mode, external, since, last_error: error }: BackendStatus): readonly string[] {
  // Until it is looked at, a server counts as away, and nothing is wrong with it.
  const word = mode === 'degraded' && error === null ? 'not looked at yet' : modeWords[mode]
  return [word, external === null ? '' : oneLine(external), `since ${moment(since)}`]
}
