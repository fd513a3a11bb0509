/** Metadata of an object, checked against what its class declares. */
import { PortError } from '../../../shared/errors'
import type { Metadata } from '../ports/vector-index'
import { describeType, elementType, fits, type PropertyType, type ScalarType } from './values'

export type PropertyTypes = ReadonlyMap<string, PropertyType>

/** Rejects with `invalid`, naming `owner` and the property, what the class does not declare. */
export function checkMetadata(metadata: Metadata, types: PropertyTypes, owner: string): void {
  for (const [name, value] of Object.entries(metadata)) {
    const type = types.get(name)
    if (type === undefined) throw new PortError('invalid', `${owner}: the class declares no property ${JSON.stringify(name)}.`)
    if (!fits(type, value)) {
      throw new PortError('invalid', `${owner}: property ${JSON.stringify(name)} is of type ${type} and holds ${wanted(type)}.`)
    }
  }
}

function wanted(type: PropertyType): string {
  const element = elementType(type)
  return element === undefined ? describeType(type as ScalarType) : `a list, each element ${describeType(element)}`
}
