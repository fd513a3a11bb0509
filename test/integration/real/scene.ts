/** A corner of the real servers for one test: names of its own, other tools to look and meddle with, and all of it gone afterwards. */
import { randomBytes } from 'node:crypto'
import { Client } from 'minio'
import { onTestFinished } from 'vitest'
import { type Addresses, server } from '../../support/servers'
import { answerOf } from './bus-rabbitmq-harness'

/** The other tools, as somebody without ThatDAM has them. */
interface Tools {
  readonly s3: Client
  /** The management API of RabbitMQ: the parsed answer, `undefined` for a 404. */
  broker(method: string, path: string, body?: unknown): Promise<unknown>
  /** The REST API of Weaviate, likewise. */
  index(method: string, path: string, body?: unknown): Promise<unknown>
}

export interface Scene extends Tools {
  /** Ends each bucket's and begins no other name: lower case, digits. */
  readonly id: string
  readonly bucket: (name: string) => string
  readonly className: (name: string) => string
  /** A vhost of its own, which exists. */
  readonly vhost: string
  /** The path of a thing in the vhost: `queues`, `ingest` → `/queues/%2F…/ingest`. */
  readonly inVhost: (kind: string, ...rest: readonly string[]) => string
  /** The variables that select the three servers. */
  readonly env: Readonly<Record<string, string>>
}

/** The three servers that the node reconciles; undefined where one of them does not run. */
export function three(): Pick<Addresses, 'minio' | 'rabbitmq' | 'weaviate'> | undefined {
  const [minio, rabbitmq, weaviate] = [server('minio'), server('rabbitmq'), server('weaviate')]
  return minio && rabbitmq && weaviate ? { minio, rabbitmq, weaviate } : undefined
}

export function minioClient({ endpoint, accessKey, secretKey }: Addresses['minio']): Client {
  const { hostname, port, protocol } = new URL(endpoint)
  return new Client({ endPoint: hostname, port: Number(port), useSSL: protocol === 'https:', accessKey, secretKey, region: 'us-east-1' })
}

export async function openScene({ minio, rabbitmq, weaviate }: Pick<Addresses, 'minio' | 'rabbitmq' | 'weaviate'>): Promise<Scene> {
  const id = randomBytes(4).toString('hex')
  const vhost = `scene ${id}`
  if (rabbitmq.managementUrl === undefined) throw new Error('the matrix needs the management API of RabbitMQ')
  const s3 = minioClient(minio)
  const broker: Tools['broker'] = async (method, path, body) => {
    const answer = await answerOf(rabbitmq, method, path, body)
    return answer.there ? answer.body : undefined
  }
  const index = jsonClient(new URL('/v1', weaviate.url).href)
  const inVhost = (kind: string, ...rest: readonly string[]) => `/${[kind, ...[vhost, ...rest].map(encodeURIComponent)].join('/')}`
  const scene: Scene = {
    s3,
    broker,
    index,
    id,
    vhost,
    inVhost,
    bucket: (name) => `${name}-${id}`,
    className: (name) => `${name}${id}`,
    env: {
      MINIO_ENDPOINT: minio.endpoint,
      MINIO_ACCESS_KEY: minio.accessKey,
      MINIO_SECRET_KEY: minio.secretKey,
      AMQP_URL: rabbitmq.url,
      RABBITMQ_MANAGEMENT_URL: rabbitmq.managementUrl,
      WEAVIATE_URL: weaviate.url,
    },
  }
  await broker('PUT', inVhost('vhosts'), {})
  onTestFinished(async () => {
    await broker('DELETE', inVhost('vhosts'))
    for (const { name } of await s3.listBuckets()) if (name.endsWith(id)) await emptyAndRemove(s3, name)
    const schema = (await index('GET', '/schema')) as { readonly classes: readonly { readonly class: string }[] }
    for (const { class: name } of schema.classes) if (name.endsWith(id)) await index('DELETE', `/schema/${name}`)
  })
  return scene
}

async function emptyAndRemove(s3: Client, bucket: string): Promise<void> {
  const versions = s3.listObjects(bucket, '', true, { IncludeVersion: true })
  for await (const { name, versionId } of versions as AsyncIterable<{ name: string; versionId?: string }>) {
    await s3.removeObject(bucket, name, versionId === undefined ? {} : { versionId })
  }
  await s3.removeBucket(bucket)
}

function jsonClient(base: string): Tools['index'] {
  return async (method, path, body) => {
    const response = await fetch(`${base}${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (response.status === 404) return undefined
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
    return text === '' ? undefined : JSON.parse(text)
  }
}
