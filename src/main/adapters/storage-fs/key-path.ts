/**
 * Where in its bucket's directory an object's file lies. An ordinary key is its own path; what some file system cannot hold is
 * written so that every one can, on this disk and on the next one that the directory is copied to:
 *
 * - Characters that Windows or a terminal refuse, a leading dot, a trailing dot or space, and the first letter of a reserved
 *   name (`con`, `nul.txt`) are percent-encoded as in a URL, and so is `%` itself. A segment that is empty is a lone `%`.
 *   Undone by `decodeURIComponent`, segment by segment.
 * - Names that are too long, or that another key has taken, carry a mark (`%~`) that the rule above never writes, with a hash.
 *   Those cannot be decoded; the store records every path, so that nothing has to be.
 *
 * Two names are "the same" here when any file system could take them for one: see `foldPath`.
 */
import { createHash } from 'node:crypto'

/** Bytes of one name: 255 is what most file systems hold; the rest is room for copies such as `name (2)`. */
const longestName = 200
/** Bytes of a path inside its bucket: macOS has 1,024 for all of a path. */
const longestPath = 768

const mark = '%~'

const refused = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Noncharacter_Code_Point}%\\:*?"<>|]|^\.|[. ]$/gu
const reserved = /^(?:con|prn|aux|nul|(?:com|lpt)[0-9¹²³]|conin\$|conout\$) *(?:\.|$)/i

/** What is already spoken for in a bucket, by folded path. */
export interface TakenPaths {
  isFile(folded: string): boolean
  isDirectory(folded: string): boolean
  /** Whether the disk has room for a new file at this path: nothing lies there, and nothing but directories on the way. */
  isFree(path: string): boolean
}

/**
 * The path for a key that has none yet: the first that fits among its own, its own with a mark, and one that is all hash.
 * Undefined when even that is taken, which only a person can have brought about.
 */
export function choosePath(key: string, taken: TakenPaths): string | undefined {
  for (const path of candidates(key, taken)) {
    const folded = foldPath(path)
    if (!taken.isFile(folded) && !taken.isDirectory(folded) && taken.isFree(path)) return path
  }
  return undefined
}

function* candidates(key: string, taken: TakenPaths): Generator<string> {
  const segments = key.split('/').map(encodeSegment)
  const name = segments.pop() ?? ''
  const hash = hashOf(key)
  const directory = directoryFor(segments, taken)
  if (directory !== undefined) {
    if (byteLength(name) <= longestName && byteLength(directory + name) <= longestPath) yield directory + name
    const other = directory + marked(name, hash.slice(0, 16))
    if (byteLength(other) <= longestPath) yield other
  }
  yield `${mark}/${hash}${extensionOf(name)}`
}

/** The directories of a path, each with a slash; undefined when they alone are too long. */
function directoryFor(names: readonly string[], taken: TakenPaths): string | undefined {
  let directory = ''
  let folded = ''
  for (const name of names) {
    const own = byteLength(name) > longestName ? marked(name, hashOf(name)) : name
    // Where a file has the name, the directory stands beside it under another one.
    const free = taken.isFile(folded + foldName(own)) ? own + mark : own
    directory += `${free}/`
    folded += `${foldName(free)}/`
    if (byteLength(directory) > longestPath) return undefined
  }
  return directory
}

/** The first path that a key would be given; undefined where it would need a mark. */
export function pathOf(key: string): string | undefined {
  const names = key.split('/').map(encodeSegment)
  const path = names.join('/')
  return byteLength(path) <= longestPath && names.every((name) => byteLength(name) <= longestName) ? path : undefined
}

/** The key of a file that somebody else put at a path: the one that has this path, or else the path itself. */
export function keyOf(path: string): string {
  try {
    const key = path
      .split('/')
      .map((name) => (name === '%' ? '' : decodeURIComponent(name)))
      .join('/')
    // A file that is called `%` alone is written like a key that is empty, which no key is.
    return key !== '' && pathOf(key) === path ? key : path
  } catch {
    // A percent sign that begins no escape: the name was never written by the rule above.
    return path
  }
}

/** One segment of a key as a name that every file system can hold, unless it is too long. */
function encodeSegment(segment: string): string {
  if (segment === '') return '%'
  const name = segment.replace(refused, encodeCharacter)
  return reserved.test(name) ? encodeCharacter(name.charAt(0)) + name.slice(1) : name
}

function encodeCharacter(character: string): string {
  return Buffer.from(character).toString('hex').toUpperCase().replace(/../g, '%$&')
}

/** `clip.mp4` as `clip%~HASH.mp4`, shortened to fit, so that it still opens with the program for its kind. */
function marked(name: string, hash: string): string {
  const extension = extensionOf(name)
  const room = longestName - mark.length - hash.length - extension.length
  const stem = name.slice(0, name.length - extension.length)
  return `${shortened(stem, room)}${mark}${hash}${extension}`
}

/** At most `room` bytes of a name, cut between characters and never inside an escape. */
function shortened(name: string, room: number): string {
  let kept = ''
  let length = 0
  for (const [character] of name.matchAll(/%[0-9A-F]{2}|./gsu)) {
    length += byteLength(character)
    if (length > room) break
    kept += character
  }
  return kept
}

function extensionOf(name: string): string {
  return /(?<=.)\.[A-Za-z0-9]{1,10}$/.exec(name)?.[0] ?? ''
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function byteLength(text: string): number {
  return Buffer.byteLength(text)
}

/**
 * One text for all paths that some file system could take for one another: it ignores case, Unicode form and characters
 * without a shape. It folds more than any one of them does, which at worst costs a name its plainness.
 */
export function foldPath(path: string): string {
  return path.split('/').map(foldName).join('/')
}

function foldName(name: string): string {
  const shapes = name.normalize('NFKD').replace(/\p{Default_Ignorable_Code_Point}/gu, '')
  // Down before up: only so do all three of "ẞ", "ß" and "SS" meet.
  return shapes.toLowerCase().toUpperCase().toLowerCase().normalize('NFKC')
}
