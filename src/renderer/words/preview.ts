/** A plan in the words of a person who has not started yet: what will be made, by kind. */
import { type ChangeKind, changeKinds, type Plan } from '../../shared/plan'
import { count } from './count'

const nouns: Readonly<Record<ChangeKind, readonly [singular: string, plural: string]>> = {
  bucket: ['bucket', 'buckets'],
  versioning: ['bucket that keeps versions', 'buckets that keep versions'],
  'lifecycle-rule': ['lifecycle rule', 'lifecycle rules'],
  tag: ['tag', 'tags'],
  policy: ['access policy', 'access policies'],
  exchange: ['exchange', 'exchanges'],
  queue: ['queue', 'queues'],
  'queue-policy': ['queue policy', 'queue policies'],
  binding: ['binding', 'bindings'],
  class: ['class', 'classes'],
  property: ['property', 'properties'],
  tenant: ['tenant', 'tenants'],
  service: ['service', 'services'],
}

/** More names than these are counted instead. */
const namesShown = 6

export interface PreviewLine {
  readonly kind: ChangeKind
  /** "3 buckets" */
  readonly what: string
  /** The first names of them. */
  readonly names: readonly string[]
  /** "and 4 more", or nothing. */
  readonly more: string
}

/** One line for each kind of resource that the plan would create or update, in the order in which they are made. */
export function previewOf({ changes }: Plan): readonly PreviewLine[] {
  const made = changes.filter(({ action }) => action === 'create' || action === 'update')
  const byKind = Map.groupBy(made, ({ kind }) => kind)
  return changeKinds.flatMap((kind) => {
    const rows = byKind.get(kind) ?? []
    if (rows.length === 0) return []
    const hidden = rows.length - namesShown
    return [
      {
        kind,
        what: count(rows.length, ...nouns[kind]),
        names: rows.slice(0, namesShown).map(({ name }) => name),
        more: hidden > 0 ? `and ${hidden} more` : '',
      },
    ]
  })
}
