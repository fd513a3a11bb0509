/** A document as plain values, each of which knows where it was written. */
import type { Path, Place } from './findings'

interface Base {
  readonly place: Place
  /** About how many characters it takes written out, aliases included. */
  readonly weight: number
}

interface MapNode extends Base {
  readonly kind: 'map'
  readonly value: Readonly<Record<string, unknown>>
  readonly entries: ReadonlyMap<string, Entry>
}

export interface Entry {
  readonly key: Place
  readonly node: Node
}

interface ListNode extends Base {
  readonly kind: 'list'
  readonly value: readonly unknown[]
  readonly items: readonly Node[]
}

interface ScalarNode extends Base {
  readonly kind: 'scalar'
  readonly value: string | number | boolean | null
  /** As it was written, without quotes. */
  readonly source: string
}

/** Something that was already complained about: no other check says anything about it. */
export interface BrokenNode extends Base {
  readonly kind: 'broken'
  readonly value: undefined
}

export type Node = MapNode | ListNode | ScalarNode | BrokenNode

/** What a key of a mapping holds; undefined where there is no mapping or no such key. */
export function child(node: Node | undefined, ...keys: readonly string[]): Node | undefined {
  let here = node
  for (const key of keys) here = here?.kind === 'map' ? here.entries.get(key)?.node : undefined
  return here
}

export function items(node: Node | undefined): readonly Node[] {
  return node?.kind === 'list' ? node.items : []
}

export function entries(node: Node | undefined): ReadonlyMap<string, Entry> {
  return node?.kind === 'map' ? node.entries : new Map()
}

/** A scalar's text; undefined for anything else. */
export function text(node: Node | undefined): string | undefined {
  return node?.kind === 'scalar' && typeof node.value === 'string' ? node.value : undefined
}

/** True where nothing is written, or an empty value. */
export function isAbsent(node: Node | undefined): boolean {
  return node === undefined || (node.kind === 'scalar' && node.value === null)
}

export interface Found {
  /** Undefined when the last step of the path leads nowhere. */
  readonly node: Node | undefined
  /** The key that leads to it. */
  readonly key: Place | undefined
  /** What holds it. */
  readonly parent: Node | undefined
}

/** What stands at a path. Undefined where the way there is broken. */
export function find(root: Node, path: Path): Found | undefined {
  let found: Found = { node: root, key: undefined, parent: undefined }
  for (const step of path) {
    const parent = found.node
    if (parent?.kind === 'list' && typeof step === 'number') found = { node: parent.items[step], key: undefined, parent }
    else if (parent?.kind === 'map') {
      const entry = parent.entries.get(String(step))
      found = { node: entry?.node, key: entry?.key, parent }
    } else return undefined
  }
  return found.node?.kind === 'broken' ? undefined : found
}
