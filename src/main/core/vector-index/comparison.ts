/**
 * What one comparison of a filter means, in two-valued logic: a comparison with a value that is not there is false, `ne` is
 * exactly `not eq`. `contains` looks for an element of a list or a part of a text.
 */
import { PortError } from '../../../shared/errors'
import type { Filter } from '../ports/vector-index'
import type { PropertyTypes } from './metadata'
import { type Comparable, comparable, compareValues, describeType, elementType, fits, type PropertyType, type ScalarType } from './values'

export type Comparison = Extract<Filter, { readonly field: string }>

/** A value as filters compare it; of a list, its elements. */
export type ComparedValue = Comparable | readonly Comparable[]
type Holds = (value: ComparedValue) => boolean

/** Filters come from outside, and each level is a stack frame. */
const maxDepth = 100

/** Rejects with `invalid` a filter that is nested deeper than any question needs, before anything walks down into it. */
export function refuseDeep(filter: Filter, owner: string, depth = 1): void {
  if (depth > maxDepth) throw new PortError('invalid', `${owner}: the filter is nested more than ${maxDepth} levels deep.`)
  const inner = 'and' in filter ? filter.and : 'or' in filter ? filter.or : 'not' in filter ? [filter.not] : []
  for (const one of inner) refuseDeep(one, owner, depth + 1)
}

interface Meaning {
  readonly type: PropertyType
  /** Whether it is true of a value. */
  readonly holds: Holds
  /** Whether it is true where there is none. */
  readonly absent: boolean
}

/** Rejects with `invalid`, naming `owner` and the property, what cannot be asked of the class. */
export function meaningOf({ field, op, value }: Comparison, types: PropertyTypes, ofWhom: string): Meaning {
  const owner = `${ofWhom}: filter on property ${JSON.stringify(field)}`
  const type = types.get(field)
  if (type === undefined) throw new PortError('invalid', `${owner}: the class declares no such property.`)

  if (op === 'exists') {
    if (value !== undefined && typeof value !== 'boolean') throw new PortError('invalid', `${owner}: exists takes true, false or no value.`)
    const present = value !== false
    return { type, holds: () => present, absent: !present }
  }
  if (op === 'contains') return { type, holds: contains(type, value, owner), absent: false }
  if (elementType(type) !== undefined) {
    throw new PortError('invalid', `${owner}: a list (${type}) can be asked contains and exists, not ${op}.`)
  }

  const scalar = type as ScalarType
  if (op !== 'eq' && op !== 'ne' && (scalar === 'boolean' || scalar === 'uuid' || scalar === 'vectorRef')) {
    throw new PortError('invalid', `${owner}: values of type ${scalar} have no order, so ${op} cannot be asked.`)
  }
  const wanted = operand(scalar, value, owner)
  return { type, holds: typeof wanted === 'number' ? comparesNumber(op, wanted) : compares(op, wanted), absent: op === 'ne' }
}

type Comparing = Exclude<Comparison['op'], 'exists' | 'contains'>

function compares(op: Comparing, wanted: Comparable): Holds {
  const order = (value: ComparedValue): number => compareValues(value as Comparable, wanted)
  switch (op) {
    case 'eq':
      return (value) => order(value) === 0
    case 'ne':
      return (value) => order(value) !== 0
    case 'lt':
      return (value) => order(value) < 0
    case 'lte':
      return (value) => order(value) <= 0
    case 'gt':
      return (value) => order(value) > 0
    case 'gte':
      return (value) => order(value) >= 0
  }
}

/** The same, for the one kind of value that is looked at row by row. */
function comparesNumber(op: Comparing, wanted: number): Holds {
  switch (op) {
    case 'eq':
      return (value) => value === wanted
    case 'ne':
      return (value) => value !== wanted
    case 'lt':
      return (value) => (value as number) < wanted
    case 'lte':
      return (value) => (value as number) <= wanted
    case 'gt':
      return (value) => (value as number) > wanted
    case 'gte':
      return (value) => (value as number) >= wanted
  }
}

function contains(type: PropertyType, value: unknown, owner: string): Holds {
  const element = elementType(type)
  if (element !== undefined) {
    const wanted = operand(element, value, owner)
    return (list) => (list as readonly Comparable[]).some((item) => compareValues(item, wanted) === 0)
  }
  if (type !== 'text') throw new PortError('invalid', `${owner}: contains can be asked of lists and texts, not of type ${type}.`)
  const wanted = operand(type, value, owner) as string
  return (text) => (text as string).includes(wanted)
}

/** The value to compare with. A whole-number property may be compared with any number: `lt 2.5` is a fair question. */
function operand(type: ScalarType, value: unknown, owner: string): Comparable {
  const asked = type === 'int' ? 'number' : type
  if (!fits(asked, value)) throw new PortError('invalid', `${owner}: the value to compare with must be ${describeType(asked)}.`)
  return comparable(type, value)
}
