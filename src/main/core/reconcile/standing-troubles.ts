/** What a look finds and nobody here can mend is told once, and again only when it has changed. */
import type { Component } from '../../../shared/component'
import type { BootstrapEvent } from '../../../shared/events'
import { type Look, stuckRows } from './pass-result'
import { desiredHash, type Reporter } from './reporting'

/** Tell the standing troubles of a look, unless they are those that were told last. */
export function createTroubles(
  store: (events: readonly BootstrapEvent[]) => Promise<void>,
): (look: Look, reporting: Reporter) => Promise<void> {
  const said = new Map<Component, string>()
  return async (look, reporting) => {
    const { component, failures } = look
    const stuck = stuckRows(look)
    // By name and wish alone: how much a row would take changes by the minute, and is told once.
    const text = [...stuck.map((row) => `${row.kind} ${row.name} ${desiredHash(row)}`), ...failures.map((failure) => failure.message)].join(
      '\n',
    )
    if (text === (said.get(component) ?? '')) return
    await store([
      ...stuck.map((row) => reporting.change(row, 'needs-migration')),
      ...failures.map(({ message }) => reporting.component(component, 'error', { message })),
    ])
    // Only now: what could not be stored is told by the next pass.
    said.set(component, text)
  }
}
