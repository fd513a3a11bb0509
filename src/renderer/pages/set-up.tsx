/** A fresh data directory: what starting would make here, and the button that starts it. Nothing is written before. */
import type { Setup } from '../../shared/node-contract'
import { Bone } from '../components/bone'
import { useModel, useModelStore } from '../components/model-context'
import { Prose } from '../components/prose'
import { ToneIcon } from '../components/state'
import { componentName } from '../words/component'
import { bytes } from '../words/count'
import { type PreviewLine, previewOf } from '../words/preview'

export function SetUp() {
  const model = useModel()
  const { setup, starting, error } = useModelStore(
    (from) => from.setup,
    (state) => state,
  )
  const live = useModelStore(
    (from) => from.connection,
    ({ phase }) => phase === 'live',
  )
  const ready = setup !== null && !starting && live
  return (
    <div className="set-up">
      <header className="head">
        <div>
          <h1>Not set up yet.</h1>
          <p className="head-facts">
            This computer can be a working media environment: storage, messages and search, with nothing else to install.
          </p>
        </div>
      </header>
      <section className="panel" aria-labelledby="preview-title">
        <header>
          <h2 id="preview-title">Starting will make</h2>
          <span className="panel-side">{setup === null ? <Bone width="medium" /> : <Where setup={setup} />}</span>
        </header>
        <Preview setup={setup} />
      </section>
      {error !== null && (
        <div className="banner" role="alert">
          <ToneIcon tone="bad" />
          <p>
            <strong>
              <Prose text={error.message} />
            </strong>{' '}
            {error.hint !== undefined && <Prose text={error.hint} />}
          </p>
          {setup === null && (
            <button type="button" className="button" onClick={() => void model.loadSetup()}>
              Try again
            </button>
          )}
        </div>
      )}
      <div className="actions">
        <p>Nothing has been written yet. Starting deletes nothing, and the profile can be changed at any time.</p>
        <button
          type="button"
          className="button is-primary"
          aria-disabled={!ready}
          onClick={() => {
            if (ready) void model.start()
          }}
        >
          {starting ? 'Starting…' : 'Start'}
        </button>
      </div>
    </div>
  )
}

function Where({ setup }: { readonly setup: Setup }) {
  return (
    <span>
      in <code>{setup.data_dir}</code>, {bytes(setup.free_bytes)} free
    </span>
  )
}

function Preview({ setup }: { readonly setup: Setup | null }) {
  if (setup === null) {
    return (
      <p className="panel-note" role="status">
        Looking at what there is…
      </p>
    )
  }
  const lines = setup.plan === null ? [] : previewOf(setup.plan)
  const unseen = setup.plan?.errors ?? []
  return (
    <ul className="preview">
      {lines.map((line) => (
        <Line key={line.kind} {...line} />
      ))}
      <Line what="cluster.json" names={[]} more="this computer, as a leader on its own" />
      {unseen.map(({ component, message }) => (
        <li key={component}>
          <ToneIcon tone="warn" />
          <span>
            {componentName[component]} cannot be looked at now, so what it needs is not in this list: <Prose text={message} />
          </span>
        </li>
      ))}
    </ul>
  )
}

function Line({ what, names, more }: Omit<PreviewLine, 'kind'>) {
  return (
    <li>
      <span className="mark is-ok" aria-hidden="true">
        +
      </span>
      <span>
        {what}{' '}
        <span className="preview-names">
          <code>{names.join(', ')}</code> {more}
        </span>
      </span>
    </li>
  )
}
