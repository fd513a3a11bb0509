/**
 * Filters over metadata, in two-valued logic: a comparison with a value that is not there is false, `ne` is exactly
 * `not eq`, an empty `and` holds and an empty `or` does not. `contains` looks for an element of a list or a part of a text.
 */
import { PortError } from '../../../shared/errors'
import type { Filter, Metadata } from '../../core/ports/vector-index'
import type { PropertyTypes } from './metadata'
import { type Comparable, comparable, compareValues, describeType, elementType, fits, type PropertyType, type ScalarType } from './values'

export type Predicate = (metadata: Metadata) => boolean
type Comparison = Extract<Filter, { readonly field: string }>

/** Filters come from outside, and each level is a stack frame. */
const maxDepth = 100

/** Rejects with `invalid` a filter that is nested deeper than any question needs, before anything walks down into it. */
export function refuseDeep(filter: Filter, owner: string, depth = 1): void {
  if (depth > maxDepth) throw new PortError('invalid', `${owner}: the filter is nested more than ${maxDepth} levels deep.`)
  const inner = 'and' in filter ? filter.and : 'or' in filter ? filter.or : 'not' in filter ? [filter.not] : []
  for (const one of inner) refuseDeep(one, owner, depth + 1)
}

/** A predicate for `filter`. Rejects with `invalid`, naming `owner` and the property, what cannot be asked of the class. */
export function compileFilter(filter: Filter, types: PropertyTypes, owner: string): Predicate {
  refuseDeep(filter, owner)
  return compile(filter, types, owner)
}

function compile(filter: Filter, types: PropertyTypes, owner: string): Predicate {
  const compiled = (inner: Filter): Predicate => compile(inner, types, owner)
  if ('and' in filter) {
    const all = filter.and.map(compiled)
    return (metadata) => all.every((holds) => holds(metadata))
  }
  if ('or' in filter) {
    const any = filter.or.map(compiled)
    return (metadata) => any.some((holds) => holds(metadata))
  }
  if ('not' in filter) {
    const inner = compiled(filter.not)
    return (metadata) => !inner(metadata)
  }
  return compileComparison(filter, types, `${owner}: filter on property ${JSON.stringify(filter.field)}`)
}

function compileComparison({ field, op, value }: Comparison, types: PropertyTypes, owner: string): Predicate {
  const type = types.get(field)
  if (type === undefined) throw new PortError('invalid', `${owner}: the class declares no such property.`)
  // The name of a property may also be one that every object inherits, such as `constructor`.
  const present: Predicate = (metadata) => Object.hasOwn(metadata, field)

  if (op === 'exists') {
    if (value !== undefined && typeof value !== 'boolean') throw new PortError('invalid', `${owner}: exists takes true, false or no value.`)
    return value === false ? (metadata) => !present(metadata) : present
  }
  if (op === 'contains') return both(present, contains(type, field, value, owner))
  if (elementType(type) !== undefined) {
    throw new PortError('invalid', `${owner}: a list (${type}) can be asked contains and exists, not ${op}.`)
  }

  const scalar = type as ScalarType
  if (op !== 'eq' && op !== 'ne' && (scalar === 'boolean' || scalar === 'uuid' || scalar === 'vectorRef')) {
    throw new PortError('invalid', `${owner}: values of type ${scalar} have no order, so ${op} cannot be asked.`)
  }
  const wanted = operand(scalar, value, owner)
  const order = (metadata: Metadata): number => compareValues(comparable(scalar, metadata[field]), wanted)
  switch (op) {
    case 'eq':
      return both(present, (metadata) => order(metadata) === 0)
    case 'ne':
      return (metadata) => !present(metadata) || order(metadata) !== 0
    case 'lt':
      return both(present, (metadata) => order(metadata) < 0)
    case 'lte':
      return both(present, (metadata) => order(metadata) <= 0)
    case 'gt':
      return both(present, (metadata) => order(metadata) > 0)
    case 'gte':
      return both(present, (metadata) => order(metadata) >= 0)
  }
}

function contains(type: PropertyType, field: string, value: unknown, owner: string): Predicate {
  const element = elementType(type)
  if (element !== undefined) {
    const wanted = operand(element, value, owner)
    return (metadata) => (metadata[field] as readonly unknown[]).some((item) => compareValues(comparable(element, item), wanted) === 0)
  }
  if (type !== 'text') throw new PortError('invalid', `${owner}: contains can be asked of lists and texts, not of type ${type}.`)
  const wanted = operand(type, value, owner) as string
  return (metadata) => (metadata[field] as string).includes(wanted)
}

/** The value to compare with. A whole-number property may be compared with any number: `lt 2.5` is a fair question. */
function operand(type: ScalarType, value: unknown, owner: string): Comparable {
  const asked = type === 'int' ? 'number' : type
  if (!fits(asked, value)) throw new PortError('invalid', `${owner}: the value to compare with must be ${describeType(asked)}.`)
  return comparable(type, value)
}

function both(first: Predicate, second: Predicate): Predicate {
  return (metadata) => first(metadata) && second(metadata)
}
