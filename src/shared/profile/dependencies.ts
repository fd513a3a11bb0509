/** The start order of services: what each waits for must exist, and nothing may wait for itself. */
import type { Finding, Path, Place } from './findings'
import { nearest } from './nearest'
import { quote } from './text'
import { child, entries, items, type Node, text } from './tree'

interface Edge {
  readonly to: string
  readonly path: Path
  readonly place: Place
}

/** A cycle longer than this is named by its ends. */
const longestCycle = 8

export function dependencyFindings(services: Node | undefined, path: Path): Finding[] {
  const names = [...entries(services).keys()]
  const edges = new Map<string, Edge[]>()
  const findings: Finding[] = []
  for (const [name, { node }] of entries(services)) {
    const own: Edge[] = []
    items(child(node, 'dependsOn')).forEach((item, i) => {
      const to = text(item)
      if (to === undefined) return
      const edge = { to, path: [...path, name, 'dependsOn', i], place: item.place }
      if (entries(services).has(to)) own.push(edge)
      else findings.push(undeclared(edge, names))
    })
    edges.set(name, own)
  }
  return [...findings, ...cycles(edges)]
}

function undeclared({ to, path, place }: Edge, names: readonly string[]): Finding {
  const hint = (): string => {
    const near = nearest(to, names)
    return near === undefined ? 'add it to `spec.services`' : `did you mean ${quote(near)}?`
  }
  return { path, place, message: `service ${quote(to)} is not declared in this profile`, hint }
}

/** One finding for each dependency that closes a cycle. A stack of our own: a chain may be long. */
function cycles(edges: ReadonlyMap<string, readonly Edge[]>): Finding[] {
  const findings: Finding[] = []
  const done = new Set<string>()
  for (const start of edges.keys()) {
    if (done.has(start)) continue
    const depth = new Map([[start, 0]])
    const stack = [{ name: start, next: 0 }]
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const edge = edges.get(top.name)?.[top.next++]
      if (edge === undefined) {
        done.add(top.name)
        depth.delete(top.name)
        stack.pop()
        continue
      }
      const from = depth.get(edge.to)
      if (from !== undefined)
        findings.push(
          cycle(
            edge,
            stack.slice(from, from + longestCycle).map(({ name }) => name),
            stack.length - from,
          ),
        )
      else if (!done.has(edge.to)) {
        depth.set(edge.to, stack.length)
        stack.push({ name: edge.to, next: 0 })
      }
    }
  }
  return findings
}

function cycle({ to, path, place }: Edge, names: readonly string[], length: number): Finding {
  const shown = [...names, ...(length > names.length ? ['…'] : []), to].map((name) => (name === '…' ? name : quote(name))).join(' → ')
  const message = length === 1 ? `service ${quote(to)} waits for itself` : `these services wait for one another: ${shown}`
  return { path, place, message, hint: 'remove one of the dependencies' }
}
