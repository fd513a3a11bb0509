/**
 * Which server this is, and what follows from that. What can be asked without changing anything is asked (see capabilities.ts); the rest
 * was found out with the real servers and stands here, since a node that writes probes into somebody's storage is a bad guest. Of a
 * server that nobody knows the least is assumed: conditions are looked at before they are sent, too, and metadata is asked for one by one.
 */

import type { KeyFamily } from '../../../shared/key-families'
import type { BucketFeature } from '../../core/ports/object-storage'

export type Kind = 'minio' | 'versitygw' | 'ceph' | 'other'

export interface Traits {
  readonly title: string
  /** Whether it refuses a put before it asks for the body. One that takes leave to send for granted answers and closes the connection on the body, and its reason is lost. */
  readonly asksForBodies: boolean
  /** Whether listings tell the metadata when asked to. */
  readonly listsMetadata: boolean
  /** Whether a put under a condition is one step, so that of two writers one is refused. */
  readonly atomicConditions: boolean
  /** How the server compares the etag of an `If-Match`. */
  readonly quotesEtags: boolean
  /** Whether an `If-Match` holds where the bucket keeps versions. */
  readonly matchesVersions: boolean
  /** Whether `If-None-Match: *` takes a delete marker for an object. */
  readonly mistakesMarkers: boolean
  /** What it says, as status and code, to the one of two writers under a condition who came second by a moment. */
  readonly lostRace: string | undefined
  /** By which delimiters it rolls up as it should: MinIO turns in circles for any but a slash, Ceph loses keys for one of several characters. */
  readonly delimiters: 'any' | 'characters' | 'slash'
  /** Whether it lists the versions of a key newest first, delete markers among them. */
  readonly versionsInOrder: boolean
  /** Whether the tags of a bucket hold ASCII alone. */
  readonly asciiTags: boolean
  /** Settings that no bucket of it can have. */
  readonly lacks: readonly BucketFeature[]
  /** Keys that it refuses, confuses with others, or loses from its listings. */
  readonly refusedKeys: readonly KeyFamily[]
}

const traits: Readonly<Record<Kind, Traits>> = {
  minio: {
    title: 'MinIO',
    asksForBodies: true,
    listsMetadata: true,
    atomicConditions: true,
    quotesEtags: true,
    matchesVersions: true,
    mistakesMarkers: false,
    lostRace: undefined,
    delimiters: 'slash',
    versionsInOrder: true,
    asciiTags: true,
    lacks: [],
    // Of a key that ends in a slash it keeps the last content alone, and a delete is final, whatever the bucket was told.
    refusedKeys: ['dot-segment', 'empty-segment', 'long-segment', 'nul', 'beneath-object', 'slash-in-versions'],
  },
  versitygw: {
    title: 'Versity S3 Gateway',
    asksForBodies: false,
    listsMetadata: false,
    atomicConditions: true,
    quotesEtags: true,
    matchesVersions: true,
    mistakesMarkers: true,
    lostRace: undefined,
    delimiters: 'any',
    versionsInOrder: false,
    asciiTags: false,
    lacks: ['lifecycle'],
    refusedKeys: ['dot-segment', 'empty-segment', 'long-segment', 'long-name', 'trailing-slash', 'nul', 'unlistable', 'beneath-object'],
  },
  ceph: {
    title: 'Ceph Object Gateway',
    asksForBodies: false,
    listsMetadata: false,
    // It ignores `If-None-Match: *` where a bucket keeps versions.
    atomicConditions: false,
    quotesEtags: false,
    matchesVersions: false,
    mistakesMarkers: false,
    lostRace: '500 UnknownError',
    delimiters: 'characters',
    versionsInOrder: true,
    asciiTags: false,
    lacks: [],
    refusedKeys: ['nul'],
  },
  other: {
    title: 'an S3 server',
    asksForBodies: false,
    listsMetadata: false,
    atomicConditions: false,
    quotesEtags: true,
    matchesVersions: true,
    mistakesMarkers: false,
    lostRace: undefined,
    delimiters: 'any',
    versionsInOrder: true,
    asciiTags: false,
    lacks: [],
    refusedKeys: [],
  },
}

export function traitsOf(kind: Kind): Traits {
  return traits[kind]
}

/** Which server has sent these headers; undefined where they come from something in between. */
export function kindIn(headers: Readonly<Record<string, string>>): Kind | undefined {
  const { server = '', 'x-amz-request-id': request } = headers
  if (request === undefined) return undefined
  if (server.startsWith('MinIO')) return 'minio'
  if (server.startsWith('VERSITYGW')) return 'versitygw'
  // Ceph says it in newer versions alone; the form of its request ids is its own.
  if (server.startsWith('Ceph') || /^tx[0-9a-f]{21}-[0-9a-f]+-[0-9a-f]+-/.test(request)) return 'ceph'
  return 'other'
}

/** Whether this node has to roll up what continues past a delimiter. */
export function rollsUpByHand({ delimiters }: Traits, delimiter: string): boolean {
  if (delimiters === 'any' || delimiter === '') return false
  return delimiters === 'slash' ? delimiter !== '/' : [...delimiter].length > 1
}
