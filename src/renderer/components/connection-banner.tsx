/** Says that the node does not answer, that what stands below is old, and how to get on. */
import { Unplug } from 'lucide-react'
import { useModel, useModelStore } from './model-context'
import { Ago } from './moment'
import { Prose } from './prose'

export function ConnectionBanner() {
  const model = useModel()
  const connection = useModelStore(
    (from) => from.connection,
    (state) => state,
  )
  const known = useModelStore(
    (from) => from.status,
    ({ status }) => status !== null,
  )
  if (connection.phase !== 'lost') return null
  const { error, since } = connection
  const away = error.code === 'unavailable'
  return (
    <div className="banner">
      <Unplug size={16} strokeWidth={1.75} aria-hidden="true" />
      <p>
        <strong role="alert">{away ? 'The node does not answer; trying again.' : <Prose text={error.message} />}</strong>{' '}
        {known && (
          <>
            Below is how it was <Ago at={new Date(since).toISOString()} />.{' '}
          </>
        )}
        {error.hint !== undefined && <Prose text={error.hint} />}
      </p>
      <button type="button" className="button" onClick={() => model.retryNow()}>
        Try now
      </button>
    </div>
  )
}
