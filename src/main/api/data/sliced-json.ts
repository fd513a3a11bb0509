/**
 * A JSON object with one long list of objects in it, parsed as it comes: each element as soon as it is whole. No parse holds up the
 * process for long then, and the text of a large body is never in memory as a whole.
 */
import { PortError } from '../../../shared/errors'
import { deepest, joined, parseJson } from './body'

export interface SlicedJson {
  /** Take the next bytes. `element` is called for each object that became whole with them. */
  feed(bytes: Uint8Array): void
  /** The value of the text, in which each element that was handed out stands as its number in order. */
  end(): unknown
}

const quote = 0x22
const backslash = 0x5c
const [openBrace, closeBrace] = [0x7b, 0x7d]
const [openBracket, closeBracket] = [0x5b, 0x5d]

/** 1 for the bytes that mean something outside of a text; all others, most of a vector's digits, are passed over. */
const structural = new Uint8Array(256)
for (const byte of [quote, openBrace, closeBrace, openBracket, closeBracket]) structural[byte] = 1

/** How many brackets are open inside an element: the object's, the list's and its own. */
const elementDepth = 3

/** `what` names in errors whom the body belongs to. */
export function slicedJson(what: string, element: (value: unknown, place: number) => void): SlicedJson {
  /** What lies around the elements, with their numbers where they were. */
  const skeleton: Buffer[] = []
  /** The element that is not whole yet. */
  let parts: Buffer[] = []
  /** Whether each bracket that is open is a list's. */
  const lists: boolean[] = []
  let inText = false
  let escaped = false
  let count = 0
  const inElement = () => lists.length >= elementDepth && lists[0] === false && lists[1] === true && lists[2] === false

  function feed(given: Uint8Array): void {
    const bytes = Buffer.from(given.buffer, given.byteOffset, given.byteLength)
    /** Where that begins which is not kept yet. */
    let from = 0
    for (let i = 0; i < bytes.length; i++) {
      const byte = bytes[i] ?? 0
      if (inText) {
        if (escaped) escaped = false
        else if (byte === backslash) escaped = true
        else if (byte === quote) inText = false
      } else if (structural[byte] === 0) {
        // A digit, a comma, a space.
      } else if (byte === quote) {
        inText = true
      } else if (byte === openBrace || byte === openBracket) {
        lists.push(byte === openBracket)
        if (lists.length > deepest) throw invalid(`it is nested more than ${deepest} levels deep`)
        if (lists.length !== elementDepth || !inElement()) continue
        keepAround(bytes.subarray(from, i))
        from = i
      } else {
        const whole = lists.length === elementDepth && inElement()
        if (lists.pop() === undefined) throw invalid('a bracket closes that was never opened')
        if (!whole) continue
        parts.push(bytes.subarray(from, i + 1))
        from = i + 1
        handOut()
      }
    }
    if (inElement()) parts.push(bytes.subarray(from))
    else keepAround(bytes.subarray(from))
  }

  /** As a copy: a few bytes would keep all of what they came in. */
  function keepAround(bytes: Buffer): void {
    if (bytes.length > 0) skeleton.push(Buffer.from(bytes))
  }

  function handOut(): void {
    const text = joined(parts)
    parts = []
    const place = count++
    element(parseJson(text, `${what}, object ${place}`), place)
    keepAround(Buffer.from(String(place)))
  }

  function invalid(why: string): PortError {
    return new PortError('invalid', `${what}: the body is not valid JSON: ${why}.`)
  }

  return {
    feed,
    end() {
      if (lists.length > 0) throw invalid('it ends in the middle')
      return parseJson(Buffer.concat(skeleton), what)
    },
  }
}
