/** Headers of messages, and as they are stored: JSON text, or nothing at all where there are none. */
export type Headers = Readonly<Record<string, string>>

const none: Headers = Object.freeze({})

export function packHeaders(headers: Headers): string | null {
  for (const _name in headers) return JSON.stringify(headers)
  return null
}

export function unpackHeaders(text: string | null): Headers {
  return text === null ? none : (JSON.parse(text) as Headers)
}
