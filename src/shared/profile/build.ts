/** From a YAML document to plain values with places. What JSON cannot hold exactly is refused here, before any schema sees it. */
import { isAlias, isMap, isScalar, isSeq, type ParsedNode, type Scalar, type YAMLMap } from 'yaml'
import type { Finding, Path, Place } from './findings'
import { count, type Lines, quote } from './text'
import type { BrokenNode, Entry, Node } from './tree'

/** What aliases may add to the size of a profile, in characters. */
const maxUnfolded = 4 * 1024 * 1024
/** What a value takes besides its text: indentation, a dash, a quote. It also bounds the number of values. */
const nodeWeight = 16

export function buildTree(contents: ParsedNode, lines: Lines): { readonly root: Node; readonly findings: readonly Finding[] } {
  const findings: Finding[] = []
  const anchors = new Map<string, Node | 'open'>()
  let unfolded = 0

  function report(path: Path, place: Place, message: string, hint?: string): BrokenNode {
    findings.push({ path, place, message, ...(hint === undefined ? {} : { hint }) })
    return brokenAt(place)
  }

  function build(node: ParsedNode, path: Path): Node {
    if (isAlias(node)) return resolve(node.source, placeOf(node), path)
    if (node.anchor !== undefined) anchors.set(node.anchor, 'open')
    const built = isMap(node) ? buildMap(node, path) : isSeq(node) ? buildList(node.items, placeOf(node), path) : buildScalar(node, path)
    if (node.anchor !== undefined) anchors.set(node.anchor, built)
    return built
  }

  function resolve(name: string, place: Place, path: Path): Node {
    const target = anchors.get(name)
    if (target === undefined) {
      const hint = 'an anchor comes before its alias; put a text that begins with * in quotes'
      return report(path, place, `there is no anchor ${quote(`&${name}`)} above this alias`, hint)
    }
    if (target === 'open') return report(path, place, `the alias ${quote(`*${name}`)} stands inside the value that it repeats`)
    const before = unfolded
    unfolded += target.weight
    if (before > maxUnfolded) return brokenAt(place)
    if (unfolded > maxUnfolded) {
      return report(path, place, `written out, the aliases of this profile take more than ${count(maxUnfolded)} characters`)
    }
    return { ...target, place }
  }

  function buildMap(node: YAMLMap.Parsed, path: Path): Node {
    const [collection] = node.items.map((pair) => pair.key).filter((key) => !isScalar(key) && !isAlias(key))
    if (collection !== undefined) {
      const hint = 'put a text that has { } [ ] in it in quotes, and fill in a template first'
      return report(path, wholePlaceOf(collection), 'a key must be a text, not a mapping or a list', hint)
    }
    const entries = new Map<string, Entry>()
    let weight = nodeWeight
    for (const pair of node.items) {
      const key = keyText(pair.key, path)
      if (key === undefined) continue
      const place = placeOf(pair.key)
      const before = entries.get(key)
      if (before !== undefined) {
        report([...path, key], place, `the key ${quote(key)} is written twice here; the first is on line ${lines.at(before.key.at).line}`)
        continue
      }
      // A key of a flow mapping may stand alone: it has an empty value.
      const value: Node =
        pair.value === null ? { kind: 'scalar', value: null, source: '', place, weight: nodeWeight } : build(pair.value, [...path, key])
      entries.set(key, { key: place, node: value })
      weight += value.weight + key.length
    }
    const value = Object.fromEntries([...entries].map(([key, entry]) => [key, entry.node.value]))
    return { kind: 'map', value, entries, place: placeOf(node), weight }
  }

  function buildList(nodes: readonly ParsedNode[], place: Place, path: Path): Node {
    const items = nodes.map((item, i) => build(item, [...path, i]))
    const weight = items.reduce((sum, item) => sum + item.weight, nodeWeight)
    return { kind: 'list', value: items.map((item) => item.value), items, place, weight }
  }

  function keyText(key: ParsedNode, path: Path): string | undefined {
    if (!isScalar(key)) {
      report(path, wholePlaceOf(key), 'a key must be a text, not an alias', 'put a text that begins with * in quotes')
    } else if (typeof key.value !== 'string') {
      const source = key.source ?? ''
      if (source === '') report(path, placeOf(key), 'a key is missing before ":"')
      else report(path, placeOf(key), `a key must be a text, and ${quote(source)} is not one`, `put it in quotes: "${source}"`)
    } else if (key.value === '__proto__' || !key.value.isWellFormed()) {
      report(path, placeOf(key), `${quote(key.value)} cannot be a key`)
    } else {
      return key.value
    }
    return undefined
  }

  function buildScalar(node: Scalar.Parsed, path: Path): Node {
    const { value } = node
    const place = placeOf(node)
    const source = node.source ?? ''
    if (typeof value === 'string') {
      if (!value.isWellFormed())
        return report(path, place, 'half of a surrogate pair stands alone in this text', 'write the whole character')
    } else if (typeof value === 'number') {
      if (Number.isNaN(value)) return report(path, place, 'a profile cannot hold "not a number"')
      if (!Number.isFinite(value)) return report(path, place, `the number ${quote(source)} is too large to be held`)
      if (!isExact(source, value)) {
        const hint = `whole numbers end at ${count(Number.MAX_SAFE_INTEGER)}; put it in quotes if it is a text`
        return report(path, place, `the number ${quote(source)} is too large to be held exactly`, hint)
      }
    } else if (typeof value !== 'boolean' && value !== null) {
      return report(path, place, `${quote(source)} is not a value that a profile can hold`, 'put it in quotes')
    }
    return { kind: 'scalar', value, source, place, weight: source.length + nodeWeight }
  }

  return { root: build(contents, []), findings }
}

/** Whole numbers beyond 2⁵³ can lose their last digits. Those that a program wrote from a number it had come out the same again. */
function isExact(source: string, value: number): boolean {
  if (Number.isSafeInteger(value) || !/^(?:[-+]?\d+|0x[\da-fA-F]+|0o[0-7]+)$/.test(source)) return true
  const digits = source.replace(/^[-+]/, '')
  return String(Math.abs(value)) === digits || BigInt(digits) === BigInt(Math.abs(value))
}

function brokenAt(place: Place): BrokenNode {
  return { kind: 'broken', value: undefined, place, weight: nodeWeight }
}

/** Up to where the parser went on after the node, which is beyond what it could not make sense of. */
function wholePlaceOf(node: ParsedNode): Place {
  const [at, , end] = node.range
  return { at, end }
}

function placeOf(node: ParsedNode): Place {
  const [at, end] = node.range
  return { at, end }
}
