/** Metadata of an object: checked against what its class declares, and kept in a form that nobody can change. */
import { PortError } from '../../../shared/errors'
import type { Metadata } from '../../core/ports/vector-index'
import { describeType, elementType, fits, type PropertyType, type ScalarType } from './values'

export type PropertyTypes = ReadonlyMap<string, PropertyType>

/** The metadata as JSON. Rejects with `invalid`, naming `owner` and the property, what the class does not declare. */
export function metadataText(metadata: Metadata, types: PropertyTypes, owner: string): string {
  for (const [name, value] of Object.entries(metadata)) {
    const type = types.get(name)
    if (type === undefined) throw new PortError('invalid', `${owner}: the class declares no property ${JSON.stringify(name)}.`)
    if (!fits(type, value)) {
      throw new PortError('invalid', `${owner}: property ${JSON.stringify(name)} is of type ${type} and holds ${wanted(type)}.`)
    }
  }
  return JSON.stringify(metadata)
}

function wanted(type: PropertyType): string {
  const element = elementType(type)
  return element === undefined ? describeType(type as ScalarType) : `a list, each element ${describeType(element)}`
}

/** Metadata from its JSON, frozen: queries hand out the object that the index itself keeps. */
export function parseMetadata(text: string): Metadata {
  const metadata = JSON.parse(text) as Metadata
  for (const value of Object.values(metadata)) Object.freeze(value)
  return Object.freeze(metadata)
}
