/** Metadata of an object as the file keeps it, in a form that nobody can change. */
import type { Metadata } from '../../core/ports/vector-index'
import { checkMetadata, type PropertyTypes } from '../../core/vector-index/metadata'

/** The metadata as JSON. Rejects with `invalid`, naming `owner` and the property, what the class does not declare. */
export function metadataText(metadata: Metadata, types: PropertyTypes, owner: string): string {
  checkMetadata(metadata, types, owner)
  return JSON.stringify(metadata)
}

/** Metadata from its JSON, frozen: queries hand out the object that the index itself keeps. */
export function parseMetadata(text: string): Metadata {
  const metadata = JSON.parse(text) as Metadata
  for (const value of Object.values(metadata)) Object.freeze(value)
  return Object.freeze(metadata)
}
