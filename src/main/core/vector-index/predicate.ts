/** A filter as a question about the metadata of one object, for backends that have the metadata in hand. */
import type { Filter, Metadata } from '../ports/vector-index'
import { type ComparedValue, meaningOf, refuseDeep } from './comparison'
import type { PropertyTypes } from './metadata'
import { comparable, elementType, type PropertyType, type ScalarType } from './values'

export type Predicate = (metadata: Metadata) => boolean

/** Rejects with `invalid`, naming `owner` and the property, what cannot be asked of the class. */
export function predicateOf(filter: Filter, types: PropertyTypes, owner: string): Predicate {
  refuseDeep(filter, owner)
  return compile(filter, types, owner)
}

function compile(filter: Filter, types: PropertyTypes, owner: string): Predicate {
  if ('and' in filter || 'or' in filter) {
    const all = 'and' in filter
    const parts = (all ? filter.and : filter.or).map((inner) => compile(inner, types, owner))
    return (metadata) => (all ? parts.every((part) => part(metadata)) : parts.some((part) => part(metadata)))
  }
  if ('not' in filter) {
    const inner = compile(filter.not, types, owner)
    return (metadata) => !inner(metadata)
  }
  const { type, holds, absent } = meaningOf(filter, types, owner)
  return (metadata) => {
    const value = Object.hasOwn(metadata, filter.field) ? metadata[filter.field] : undefined
    return value === undefined ? absent : holds(comparedOf(type, value))
  }
}

function comparedOf(type: PropertyType, value: unknown): ComparedValue {
  const element = elementType(type)
  if (element === undefined) return comparable(type as ScalarType, value)
  return (value as readonly unknown[]).map((item) => comparable(element, item))
}
