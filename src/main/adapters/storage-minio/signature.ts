/**
 * Signature Version 4, in which every request to S3 is signed. The minio client's own derives its key from the secret for each request;
 * here that happens once a day, which makes signing four times as cheap (a look at 400 buckets signs 1,200 times).
 */
import { createHmac, hash } from 'node:crypto'

export interface Credentials {
  readonly accessKey: string
  readonly secretKey: string
  readonly region: string
}

export interface Unsigned {
  readonly method: string
  /** With its parameters, percent-encoded as it is sent. */
  readonly path: string
  /** `x-amz-date` among them. */
  readonly headers: Readonly<Record<string, string>>
  /** Of the body, as lower-case hex. */
  readonly sha256: string
}

/** As the minio client has it: what proxies may change on the way, and the length, which the hash of the body covers. */
const unsigned: ReadonlySet<string> = new Set(['authorization', 'content-length', 'content-type', 'user-agent'])

/** The value of the header `authorization` for a request. */
export function signer({ accessKey, secretKey, region }: Credentials, service = 's3'): (request: Unsigned) => string {
  let day = ''
  let key: Buffer = Buffer.alloc(0)

  function keyOf(date: string): Buffer {
    if (day !== date) {
      key = [date, region, service, 'aws4_request'].reduce<Buffer>(mac, Buffer.from(`AWS4${secretKey}`))
      day = date
    }
    return key
  }

  return ({ method, path, headers, sha256 }) => {
    const fields = Object.entries(headers)
      .map(([name, value]) => [name.toLowerCase(), value] as const)
      .filter(([name]) => !unsigned.has(name))
      .sort(([a], [b]) => (a < b ? -1 : 1))
    const signed = fields.map(([name]) => name).join(';')
    const lines = fields.map(([name, value]) => `${name}:${oneSpaced(value)}\n`).join('')
    const asked = path.indexOf('?')
    const [resource, query] = asked < 0 ? [path, ''] : [path.slice(0, asked), inOrder(path.slice(asked + 1))]
    const canonical = `${method}\n${resource}\n${query}\n${lines}\n${signed}\n${sha256}`
    const time = headers['x-amz-date'] ?? ''
    const date = time.slice(0, 8)
    const scope = `${date}/${region}/${service}/aws4_request`
    const signature = mac(keyOf(date), `AWS4-HMAC-SHA256\n${time}\n${scope}\n${hash('sha256', canonical)}`).toString('hex')
    return `AWS4-HMAC-SHA256 Credential=${accessKey}/${scope}, SignedHeaders=${signed}, Signature=${signature}`
  }
}

function mac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}

function oneSpaced(value: string): string {
  return value.includes('  ') ? value.replace(/ +/g, ' ') : value
}

function inOrder(query: string): string {
  const parameters = query.includes('&') ? query.split('&').sort() : [query]
  return parameters.map((parameter) => (parameter.includes('=') ? parameter : `${parameter}=`)).join('&')
}

/** A moment as signatures have it: `20260131T120000Z`. */
export function signatureTime(date: Date): string {
  return `${date.toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`
}
