/** Any text as it may stand in a header of HTTP: percent-encoded UTF-8, which `decodeURIComponent` reads. */

/** In a parameter as RFC 8187 has it. */
export function encodeHeaderText(text: string): string {
  return encodeURIComponent(text).replace(/[()'*]/g, percentEncoded)
}

/** In a header's name. Capital letters too: a name comes in lower case, which is then only that of the header. */
export function encodeHeaderName(text: string): string {
  return encodeHeaderText(text).replace(/%[0-9A-F]{2}|[A-Z]/g, (part) => (part.length === 1 ? percentEncoded(part) : part))
}

function percentEncoded(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`
}
