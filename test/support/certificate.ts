/** Certificates for servers on loopback, made where they are needed: nothing to install, and no key in the repository. */
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'

export interface Certificate {
  /** PEM. It is its own authority: a client that is given it as `ca` trusts the server. */
  readonly cert: string
  /** PEM. */
  readonly key: string
}

export interface CertificateOptions {
  /** The name in it, beside the address 127.0.0.1. With `address: false`, the only one. */
  readonly name?: string
  readonly address?: boolean
  /** The first and last day on which it holds. Without them it holds for a year around today. */
  readonly from?: Date
  readonly to?: Date
}

const yearMs = 365 * 24 * 3_600_000

/** A certificate that signed itself. */
export function selfSigned(options: CertificateOptions = {}): Certificate {
  const { name = 'localhost', address = true, from = new Date(Date.now() - yearMs), to = new Date(Date.now() + yearMs) } = options
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const issuer = der(0x30, der(0x31, der(0x30, oid('550403'), der(0x0c, Buffer.from(name)))))
  const algorithm = der(0x30, oid('2a8648ce3d040302'))
  const names = [der(0x82, Buffer.from(name)), ...(address ? [der(0x87, Buffer.from([127, 0, 0, 1]))] : [])]
  const body = der(
    0x30,
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.from([1]), randomBytes(15)),
    algorithm,
    issuer,
    der(0x30, time(from), time(to)),
    issuer,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, der(0x30, extension('551d11', der(0x30, ...names)), extension('551d13', der(0x30, der(0x01, Buffer.from([0xff])))))),
  )
  const signature = der(0x03, Buffer.from([0]), sign('sha256', body, privateKey))
  return {
    cert: pem('CERTIFICATE', der(0x30, body, algorithm, signature)),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}

function extension(id: string, value: Buffer): Buffer {
  return der(0x30, oid(id), der(0x04, value))
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, 'hex'))
}

/** `YYYYMMDDHHMMSSZ`, in UTC. */
function time(moment: Date): Buffer {
  const digits = moment.toISOString().replaceAll(/\D/g, '').slice(0, 14)
  return der(0x18, Buffer.from(`${digits}Z`))
}

/** One element of DER: tag, length, content. */
function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts)
  const { length } = content
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...size]), content])
}

function pem(label: string, content: Buffer): string {
  const lines = content.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}
