/** What works but deserves a look, whatever part of the node it is about. Where there is nothing, there is no panel. */
import { count } from '../words/count'
import { Prose } from './prose'
import { ToneIcon } from './state'

/** Where the head of the page leads to. */
const anchor = 'warnings'

export function WarningsPanel({ warnings }: { readonly warnings: readonly string[] }) {
  if (warnings.length === 0) return null
  return (
    <section className="panel" id={anchor} aria-labelledby="warnings-title">
      <header>
        <h2 id="warnings-title">Warnings</h2>
        <span className="panel-side">{count(warnings.length, 'thing')} to look at</span>
      </header>
      <ul className="problems">
        {warnings.map((warning) => (
          <li key={warning}>
            <ToneIcon tone="warn" />
            <p>
              <Prose text={warning} />
            </p>
          </li>
        ))}
      </ul>
    </section>
  )
}

/** `2 warnings`, which lead to them; nothing where there are none. */
export function WarningsLink({ warnings }: { readonly warnings: readonly string[] }) {
  if (warnings.length === 0) return null
  return (
    <span>
      <a href={`#${anchor}`}>{count(warnings.length, 'warning')}</a>
    </span>
  )
}
