/** What this node did, newest first, as it happens. */
import { memo, useMemo } from 'react'
import type { BootstrapEvent } from '../../shared/events'
import type { Connection } from '../stores/connection'
import { eventLine } from '../words/event'
import { Bone } from './bone'
import { useModelStore } from './model-context'
import { Ago } from './moment'
import { Prose } from './prose'

/** The most rows the list draws: several screens full. The others stand in the node's journal. */
const rowLimit = 200

const liveWord: Readonly<Record<Connection['phase'], string>> = {
  connecting: 'connecting',
  live: 'live',
  lost: 'not live',
  'signed-out': 'not live',
}

/** Read out as it grows, and in the tab order, because what scrolls must also scroll by keyboard. */
const scrollingLog = { role: 'log', tabIndex: 0, 'aria-labelledby': 'events-title' } as const

export function EventsPanel() {
  const { events, loaded, error } = useModelStore(
    (model) => model.events,
    (state) => state,
  )
  const phase = useModelStore(
    (model) => model.connection,
    (state) => state.phase,
  )
  const lines = useMemo(
    () =>
      events
        .flatMap((event) => {
          const line = eventLine(event)
          return line === undefined ? [] : [{ event, line }]
        })
        .slice(0, rowLimit),
    [events],
  )

  return (
    <section className="panel events" aria-labelledby="events-title">
      <header>
        <h2 id="events-title">Last changes</h2>
        <span className={`live is-${phase}`}>{liveWord[phase]}</span>
      </header>
      {error !== null && (
        <p className="panel-note is-bad" role="alert">
          What happened before could not be read: <Prose text={error.message} />
        </p>
      )}
      <div className="events-list" aria-busy={!loaded} {...scrollingLog}>
        {lines.length > 0 ? (
          <ol>
            {lines.map(({ event, line }) => (
              <EventRow key={event.event_id} at={event.at} line={line} />
            ))}
          </ol>
        ) : loaded ? (
          error === null && <p className="panel-note">Nothing has happened yet. What this node makes or changes will stand here.</p>
        ) : (
          <EventBones />
        )}
      </div>
    </section>
  )
}

interface EventRowProps {
  readonly at: BootstrapEvent['at']
  readonly line: NonNullable<ReturnType<typeof eventLine>>
}

const EventRow = memo(function EventRow({ at, line }: EventRowProps) {
  return (
    <li className="event">
      <span className={`mark is-${line.tone}`} aria-hidden="true">
        {line.mark}
      </span>
      <span className="visually-hidden">{line.markName}: </span>
      <span className="event-subject">{line.subject}</span>
      <span className="event-text">{line.text}</span>
      <span className="event-time">
        <Ago at={at} />
      </span>
    </li>
  )
})

function EventBones() {
  return (
    <ol aria-hidden="true">
      <EventBone width="long" />
      <EventBone width="medium" />
      <EventBone width="long" />
    </ol>
  )
}

function EventBone({ width }: { readonly width: 'medium' | 'long' }) {
  return (
    <li className="event">
      <span />
      <span>
        <Bone width="short" />
      </span>
      <span>
        <Bone width={width} />
      </span>
    </li>
  )
}
