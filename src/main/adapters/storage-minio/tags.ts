/** The tags of a bucket: a set that is replaced as a whole, so that what others put there is read and written along. */
import type { Server } from './ask'
import { isRefusal } from './refusal'
import { childOf, childrenOf, escapeXml, textOf } from './xml'

type Tags = ReadonlyMap<string, string>

export async function readTags(server: Server, bucket: string, signal: AbortSignal): Promise<Tags> {
  try {
    const { root } = await server.askXml({ method: 'GET', bucket, query: { tagging: '' } }, 'Tagging', signal)
    const set = childOf(root, 'TagSet')
    const tags = set === undefined ? [] : childrenOf(set, 'Tag')
    return new Map(tags.map((tag) => [textOf(tag, 'Key') ?? '', textOf(tag, 'Value') ?? '']))
  } catch (error) {
    if (isRefusal(error, 'NoSuchTagSet', 'NoSuchTagSetError')) return new Map()
    throw error
  }
}

export async function mergeTags(
  server: Server,
  bucket: string,
  wished: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<void> {
  const tags = await readTags(server, bucket, signal)
  const changed = Object.entries(wished).filter(([key, value]) => tags.get(key) !== value)
  if (changed.length > 0) await write(server, bucket, new Map([...tags, ...changed]), signal)
}

export async function dropTag(server: Server, bucket: string, key: string, signal: AbortSignal): Promise<void> {
  const tags = new Map(await readTags(server, bucket, signal))
  if (!tags.delete(key)) return
  if (tags.size > 0) await write(server, bucket, tags, signal)
  else await server.ask({ method: 'DELETE', bucket, query: { tagging: '' } }, signal)
}

async function write(server: Server, bucket: string, tags: Tags, signal: AbortSignal): Promise<void> {
  const set = [...tags].map(([key, value]) => `<Tag><Key>${escapeXml(key)}</Key><Value>${escapeXml(value)}</Value></Tag>`).join('')
  const body = Buffer.from(`<Tagging xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><TagSet>${set}</TagSet></Tagging>`)
  await server.ask({ method: 'PUT', bucket, query: { tagging: '' }, body }, signal)
}
