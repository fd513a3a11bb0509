/** Filters over the columns of a partition. An empty `and` holds and an empty `or` does not. */
import type { Filter } from '../../core/ports/vector-index'
import { meaningOf, refuseDeep } from '../../core/vector-index/comparison'
import type { PropertyTypes } from '../../core/vector-index/metadata'
import type { Column } from './columns'

/** The column of a property that the class declares. */
type Columns = (field: string) => Column

export interface Selection {
  /** The properties it looks at. */
  readonly fields: ReadonlySet<string>
  /** One for each of the first `rows` that the filter accepts. */
  select(columns: Columns, rows: number): Uint8Array
}

type Node = (columns: Columns, rows: number) => Uint8Array

/** What `filter` selects. Rejects with `invalid`, naming `owner` and the property, what cannot be asked of the class. */
export function compileFilter(filter: Filter, types: PropertyTypes, owner: string): Selection {
  refuseDeep(filter, owner)
  const fields = new Set<string>()
  return { fields, select: compile(filter, types, owner, fields) }
}

function compile(filter: Filter, types: PropertyTypes, owner: string, fields: Set<string>): Node {
  const compiled = (inner: Filter): Node => compile(inner, types, owner, fields)
  if ('and' in filter) return joined(filter.and.map(compiled), 1)
  if ('or' in filter) return joined(filter.or.map(compiled), 0)
  if ('not' in filter) {
    const inner = compiled(filter.not)
    return (columns, rows) => inner(columns, rows).map((one) => 1 - one)
  }
  const { field } = filter
  const { holds, absent } = meaningOf(filter, types, owner)
  fields.add(field)
  return (columns, rows) => columns(field).select(rows, holds, absent)
}

/** All of several, or any of them; `none` is what an empty list says. */
function joined(parts: readonly Node[], none: 0 | 1): Node {
  return (columns, rows) => {
    const result = new Uint8Array(rows).fill(none)
    for (const part of parts) {
      const other = part(columns, rows)
      if (none === 1) for (let row = 0; row < rows; row++) result[row] = (result[row] as number) & (other[row] as number)
      else for (let row = 0; row < rows; row++) result[row] = (result[row] as number) | (other[row] as number)
    }
    return result
  }
}
