/** Classes and properties as Weaviate has them, and as the profile does. What it holds beyond the profile is never looked at. */
import { sortedBy } from '../../../shared/order'
import { type ClassModel, type PropertyModel, propertyTypes } from '../../../shared/profile/model'
import type { ClassState } from '../../core/ports/vector-index'
import type { PropertyTypes } from '../../core/vector-index/metadata'
import { elementType, type PropertyType } from '../../core/vector-index/values'
import { isRecord } from './connection'
import { Stranger } from './refusal'

/** Properties of our own beside those of the profile: where an id, a value or a length cannot stand as Weaviate would have it. */
export const own = {
  /** The id of an object whose id is no lower-case UUID. */
  id: 'thatdamId',
  /** JSON of what comes back otherwise than it was put. */
  exact: 'thatdamExact',
  /** Names of the properties whose value the server's index does not hold as it is. */
  odd: 'thatdamOdd',
  /** Its description begins with the length of every vector of the class. Added with the first one; whoever adds it first decides. */
  length: 'thatdamLength',
} as const
const ownNames: ReadonlySet<string> = new Set(Object.values(own))

export interface WeaviateClass {
  /** Without tenants: those are asked for apart. */
  readonly state: ClassState
  /** Properties of the types that a profile can name. */
  readonly types: PropertyTypes
  /** Those of them that the server can search as the port's filters mean it. */
  readonly searchable: ReadonlySet<string>
  /** Which of our own properties the class has. */
  readonly has: ReadonlySet<string>
  /** Length of the class's vectors; null while it is not known. */
  readonly dimension: number | null
  /** All of it as text: two equal ones are the same class. */
  readonly fingerprint: string
}

const distances: Readonly<Record<ClassModel['distance'], string>> = { cosine: 'cosine', dot: 'dot', l2: 'l2-squared' }
const searches: Readonly<Record<ClassModel['search'], string>> = { approximate: 'hnsw', exact: 'flat' }

/**
 * Measured on 10,000 random vectors of 384 numbers, which are the hardest: of the ten nearest, 96 % are found with an `ef` of 256, and
 * 99.9 % with one of 512. The other two are Weaviate's own defaults, said so that a server with other ones makes the same index.
 */
const hnsw = { efConstruction: 128, maxConnections: 32, ef: 512 }

const refMark = 'vectorRef: '

export function classBody(wish: ClassModel): object {
  return {
    class: wish.name,
    vectorizer: wish.vectorizer,
    vectorIndexType: searches[wish.search],
    vectorIndexConfig: {
      distance: distances[wish.distance],
      // A server may compress by default, after which an exact search is none.
      skipDefaultQuantization: true,
      ...(wish.search === 'approximate' ? hnsw : {}),
    },
    invertedIndexConfig: { indexNullState: true },
    properties: [...wish.properties.map(propertyBody), ...Object.keys(ownBodies).map(ownPropertyBody)],
    ...(wish.tenants.length > 0 ? { multiTenancyConfig: { enabled: true } } : {}),
  }
}

export interface PropertyBody {
  readonly name: string
  readonly dataType: string[]
  readonly description?: string
  readonly tokenization?: 'field'
  readonly indexFilterable: boolean
  readonly indexSearchable?: boolean
}

export function propertyBody({ name, type }: PropertyModel): PropertyBody {
  const reference = type === 'vectorRef'
  const stored = reference ? 'text' : type
  return {
    name,
    dataType: [stored],
    ...(reference ? { description: `${refMark}the id of another object` } : {}),
    ...indexed(stored),
  }
}

/** Texts are compared whole, and no index for key words is kept of them. */
function indexed(type: string): Pick<PropertyBody, 'tokenization' | 'indexFilterable' | 'indexSearchable'> {
  return { indexFilterable: true, ...(type.startsWith('text') ? { tokenization: 'field', indexSearchable: false } : {}) }
}

const ownBodies: Readonly<Record<string, Omit<PropertyBody, 'name'>>> = {
  [own.id]: {
    dataType: ['text'],
    description: 'The id of the object in ThatDAM, where it is no lower-case UUID.',
    tokenization: 'field',
    indexFilterable: false,
    indexSearchable: false,
  },
  [own.exact]: {
    dataType: ['text'],
    description: 'Values as they were put, as JSON, where the other properties cannot hold them exactly.',
    tokenization: 'field',
    indexFilterable: false,
    indexSearchable: false,
  },
  [own.odd]: {
    dataType: ['text[]'],
    description: 'Names of properties whose values cannot be searched as they are.',
    ...indexed('text[]'),
  },
}

export function ownPropertyBody(name: string): PropertyBody {
  return { name, ...(ownBodies[name] as Omit<PropertyBody, 'name'>) }
}

export function lengthBody(dimension: number): PropertyBody {
  return {
    name: own.length,
    dataType: ['int'],
    description: `${dimension} numbers has every vector of this class in ThatDAM.`,
    indexFilterable: false,
  }
}

/** What the server says of a class. Rejects with `Stranger` what is none. */
export function classFrom(value: unknown): WeaviateClass {
  if (!isRecord(value) || typeof value.class !== 'string') throw new Stranger('its answer is no class')
  const properties = listOf(value.properties)
  const mine = new Map(properties.flatMap((one) => (ownNames.has(String(one.name)) ? [[String(one.name), one] as const] : [])))
  const shown = properties.flatMap((one) => (ownNames.has(String(one.name)) ? [] : [{ name: String(one.name), type: typeOf(one) }]))
  const nulls = isRecord(value.invertedIndexConfig) && value.invertedIndexConfig.indexNullState === true
  const length = Number.parseInt(String(mine.get(own.length)?.description ?? ''), 10)
  const tenancy = value.multiTenancyConfig
  return {
    state: {
      name: value.class,
      ...vectorsOf(value),
      properties: sortedBy(shown, ({ name }) => name),
      tenants: [],
      multiTenancy: isRecord(tenancy) && tenancy.enabled === true,
    },
    types: new Map(shown.flatMap(({ name, type }) => (isPropertyType(type) ? [[name, type] as const] : []))),
    searchable: new Set(properties.flatMap((one) => (nulls && comparesWhole(one) ? [String(one.name)] : []))),
    has: new Set(mine.keys()),
    dimension: Number.isInteger(length) ? length : null,
    fingerprint: JSON.stringify([value.class, value.properties, vectorsOf(value), tenancy]),
  }
}

const knownTypes: ReadonlySet<string> = new Set(propertyTypes)

function isPropertyType(type: string): type is PropertyType {
  return knownTypes.has(type)
}

function typeOf({ dataType, description }: Readonly<Record<string, unknown>>): string {
  const type = Array.isArray(dataType) ? dataType.join(' | ') : String(dataType)
  return type === 'text' && typeof description === 'string' && description.startsWith(refMark) ? 'vectorRef' : type
}

function comparesWhole({ dataType, tokenization, indexFilterable }: Readonly<Record<string, unknown>>): boolean {
  const type = Array.isArray(dataType) ? String(dataType[0]) : ''
  const element = isPropertyType(type) ? (elementType(type) ?? type) : type
  return indexFilterable === true && (element !== 'text' || tokenization === 'field')
}

/** Classes of newer clients may have vectors with names, which this port has no word for: it says so where one looks for the search. */
function vectorsOf(value: Readonly<Record<string, unknown>>): Pick<ClassState, 'vectorizer' | 'distance' | 'search'> {
  if (isRecord(value.vectorConfig) && value.vectorIndexType === undefined) {
    const names = `named vectors (${Object.keys(value.vectorConfig).join(', ')})`
    return { vectorizer: names, distance: names, search: names }
  }
  const type = String(value.vectorIndexType)
  const distance = isRecord(value.vectorIndexConfig) ? String(value.vectorIndexConfig.distance) : ''
  return {
    vectorizer: String(value.vectorizer),
    distance: nameOf(distances, distance),
    search: nameOf(searches, type),
  }
}

function nameOf(table: Readonly<Record<string, string>>, stored: string): string {
  return Object.entries(table).find(([, theirs]) => theirs === stored)?.[0] ?? stored
}

export function listOf(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.filter(isRecord) : []
}
