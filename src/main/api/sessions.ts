/**
 * How a browser gets in: a link that works once, and the cookie that it leaves. The cookie carries its own proof, so a
 * session outlives the node's restart and no list of sessions is kept.
 *
 * Browsers keep cookies by host, not by port, so a cookie also reaches other servers on this host that its owner visits.
 * They run under the same roof as the node; a program that may not read the data directory should not be browsed to as 127.0.0.1.
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

const codeLifetimeMs = 10 * 60 * 1000
const sessionLifetimeS = 30 * 24 * 60 * 60
const maxOutstandingCodes = 20

export interface Sessions {
  /** A new sign-in code: good once, for ten minutes. Of more than 20 unused ones the oldest stop working. */
  issueCode(): string
  /** True for a code that was issued, is fresh, and had not been redeemed. */
  redeem(code: string): boolean
  /** A `Set-Cookie` value that signs its holder in for 30 days. */
  cookie(): string
  /** Whether a request's `Cookie` header proves a session of this node that has not ended. */
  recognises(cookieHeader: string | undefined): boolean
}

interface SessionsOptions {
  /** Key of the proof. Another key ends all sessions. */
  readonly key: Uint8Array
  /** The port is part of the cookie's name, so that two nodes on one host do not sign each other's browsers out. */
  readonly port: () => number
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

export function createSessions({ key, port, now }: SessionsOptions): Sessions {
  /** Expiry of each outstanding code by its digest, oldest first. */
  const codes = new Map<string, number>()

  const cookieName = () => `thatdam-${port()}`

  function prove(expiry: string): string {
    return createHmac('sha256', key).update(`${cookieName()}=v1.${expiry}`).digest('base64url')
  }

  function isProof(value: string): boolean {
    const [version, expiry, proof, ...rest] = value.split('.')
    if (version !== 'v1' || expiry === undefined || proof === undefined || rest.length > 0) return false
    return sameSecret(proof, prove(expiry)) && Number(expiry) * 1000 > now()
  }

  return {
    issueCode() {
      const code = randomBytes(32).toString('base64url')
      codes.set(digest(code), now() + codeLifetimeMs)
      for (const old of [...codes.keys()].slice(0, -maxOutstandingCodes)) codes.delete(old)
      return code
    },

    redeem(code) {
      const expiry = codes.get(digest(code))
      codes.delete(digest(code))
      return expiry !== undefined && expiry > now()
    },

    cookie() {
      const expiry = String(Math.floor(now() / 1000) + sessionLifetimeS)
      return `${cookieName()}=v1.${expiry}.${prove(expiry)}; Path=/; Max-Age=${sessionLifetimeS}; HttpOnly; SameSite=Strict`
    },

    recognises(cookieHeader) {
      const prefix = `${cookieName()}=`
      const candidates = (cookieHeader ?? '').split(';').map((pair) => pair.trim())
      return candidates.some((pair) => pair.startsWith(prefix) && isProof(pair.slice(prefix.length)))
    },
  }
}

/** Compare two secrets in a time that tells nothing about either. */
export function sameSecret(a: string, b: string): boolean {
  return timingSafeEqual(createHash('sha256').update(a).digest(), createHash('sha256').update(b).digest())
}

/** Codes are looked up by digest, so the time of a lookup tells nothing about a code. */
function digest(code: string): string {
  return createHash('sha256').update(code).digest('base64url')
}
