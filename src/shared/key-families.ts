/** Kinds of keys that are valid in S3 and that some servers cannot hold, so that a refusal can say why before anything is sent. */
import { utf8ToBytes } from '@noble/hashes/utils.js'

/**
 * `dot-segment`: `.` or `..` between slashes or backslashes. `empty-segment`: a slash at the beginning, or two in a row. `long-segment`: more than 255 bytes
 * between slashes. `long-name`: more than 227 bytes after the last slash. `trailing-slash`: a slash at the end. `nul`: the character of that name. `unlistable`: characters that XML cannot
 * hold, in which listings come. `beneath-object`: a key that continues another one past a slash, as `a/b` does where `a` is an object.
 * `slash-in-versions`: a slash at the end, in a bucket that keeps versions.
 */
export type KeyFamily =
  | 'dot-segment'
  | 'empty-segment'
  | 'long-segment'
  | 'long-name'
  | 'trailing-slash'
  | 'nul'
  | 'unlistable'
  | 'beneath-object'
  | 'slash-in-versions'

const longestSegment = 255

/** The Versity gateway cannot replace an object of a longer name (measured; it puts a name of its own behind it). */
const longestName = 227

/** Control characters but tab and the line ends, and the two that are no characters. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const notInXml = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/

/** The families that a key belongs to by itself; `beneath-object` depends on other keys, `slash-in-versions` on the bucket, and neither is ever among them. */
export function familiesOf(key: string): readonly KeyFamily[] {
  const segments = key.split('/')
  const found: KeyFamily[] = []
  if (key.split(/[/\\]/).some((segment) => segment === '.' || segment === '..')) found.push('dot-segment')
  if (key.startsWith('/') || key.includes('//')) found.push('empty-segment')
  if (segments.some((segment) => bytesIn(segment) > longestSegment)) found.push('long-segment')
  if (bytesIn(segments.at(-1) ?? '') > longestName) found.push('long-name')
  if (key.endsWith('/')) found.push('trailing-slash')
  if (key.includes('\u0000')) found.push('nul')
  if (notInXml.test(key)) found.push('unlistable')
  return found
}

function bytesIn(text: string): number {
  return utf8ToBytes(text).length
}

/** The keys under which this one lies: for `a/b/c`, `a` and `a/b`. */
export function ancestorsOf(key: string): readonly string[] {
  const found: string[] = []
  for (let at = key.indexOf('/', 1); at >= 0 && at < key.length - 1; at = key.indexOf('/', at + 1)) found.push(key.slice(0, at))
  return found
}
