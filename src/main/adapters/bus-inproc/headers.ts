/** Headers as they are stored: JSON text, or nothing at all where there are none. */
import type { Headers } from './routes'

const none: Headers = Object.freeze({})

export function packHeaders(headers: Headers): string | null {
  for (const _name in headers) return JSON.stringify(headers)
  return null
}

export function unpackHeaders(text: string | null): Headers {
  return text === null ? none : (JSON.parse(text) as Headers)
}
