/** The plan that a fresh node shows before it is started. */
import type { Change, ChangeKind } from '../shared/plan'

function row(component: Change['component'], kind: ChangeKind, name: string): Change {
  return { component, kind, name, backend: 'embedded', action: 'create', reason: 'missing', after: { name } }
}

export const soloRows: readonly Change[] = [
  ...['artifacts', 'media-derivatives', 'media-raw'].map((name) => row('storage', 'bucket', name)),
  row('storage', 'versioning', 'media-derivatives'),
  ...['overlay', 'overlay-dead'].map((name) => row('broker', 'exchange', name)),
  ...['dead', 'ingest'].map((name) => row('broker', 'queue', name)),
  ...['overlay -> ingest : media.#', 'overlay-dead -> dead'].map((name) => row('broker', 'binding', name)),
  row('index', 'class', 'MediaAsset'),
  ...['MediaAsset/sha256', 'MediaAsset/tags', 'MediaAsset/title'].map((name) => row('index', 'property', name)),
]
