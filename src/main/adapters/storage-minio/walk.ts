/** All that a bucket holds, page after page. */
import { type Entry, objectsPage, onward, type Page, versionsPage } from './entries'
import { cannotBegin } from './keys'
import type { Store } from './store'

/** Every version and delete marker whose key begins with `prefix`. Where the server keeps no versions, every object. */
export async function* walk(store: Store, bucket: string, prefix: string, signal: AbortSignal): AsyncGenerator<readonly Entry[]> {
  if (cannotBegin(store.traits(), prefix)) return
  const versions = (query: Readonly<Record<string, string>>) => ask(store, bucket, { versions: '', ...query }, 'ListVersionsResult', signal)
  yield* pages(prefix, async (query) => versionsPage(await versions(query)))
}

/** The newest version of every object whose key begins with `prefix`. */
export async function* walkObjects(store: Store, bucket: string, prefix: string, signal: AbortSignal): AsyncGenerator<readonly Entry[]> {
  if (cannotBegin(store.traits(), prefix)) return
  const objects = (query: Readonly<Record<string, string>>) =>
    ask(store, bucket, { 'list-type': '2', ...query }, 'ListBucketResult', signal)
  yield* pages(prefix, async (query) => objectsPage(await objects(query)))
}

async function* pages(prefix: string, ask: (query: Readonly<Record<string, string>>) => Promise<Page>): AsyncGenerator<readonly Entry[]> {
  let rest: Readonly<Record<string, string>> | undefined = {}
  while (rest !== undefined) {
    const page: Page = await ask({ 'encoding-type': 'url', ...(prefix !== '' && { prefix }), ...rest })
    yield page.entries
    rest = onward(rest, page.rest)
  }
}

async function ask({ server }: Store, bucket: string, query: Readonly<Record<string, string>>, root: string, signal: AbortSignal) {
  return (await server.askXml({ method: 'GET', bucket, query }, root, signal)).root
}
