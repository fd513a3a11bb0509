/** A profile's text, judged: either the expanded profile, or everything that is wrong with it and where. */
import type { ErrorDetail } from '../errors'
import { buildTree } from './build'
import { crossCheck } from './crosscheck'
import { expand } from './expand'
import { type Finding, toErrorDetails } from './findings'
import { explainIssues } from './issues'
import { maxProfileBytes } from './limits'
import type { Profile } from './model'
import { readYaml } from './read'
import { profileSchema } from './schema'
import { count, linesOf, utf8Length } from './text'

export type ParseResult = { readonly ok: true; readonly profile: Profile } | { readonly ok: false; readonly errors: ErrorDetail[] }

/**
 * Parse and check a profile written in YAML 1.2 or JSON. Never throws and always ends; lines and columns are 1-based and
 * columns count UTF-16 units, as editors do. `file` only appears in messages about the text as a whole.
 */
export function parseProfile(text: string, options: { readonly file?: string } = {}): ParseResult {
  const whole = options.file ?? 'the profile'
  if (text.length > maxProfileBytes || utf8Length(text) > maxProfileBytes) {
    return refuse(`${whole} is longer than ${count(maxProfileBytes)} bytes`, 'shorten it: a profile names resources and holds no data')
  }
  const source = text.startsWith('\uFEFF') ? text.slice(1) : text
  const lines = linesOf(source)
  const reading = readYaml(source, lines)
  if (reading.contents === undefined) return { ok: false, errors: toErrorDetails(reading.findings, lines) }
  if (reading.contents === null && reading.findings.length === 0) {
    return refuse(`${whole} is empty`, 'the least that a profile has is apiVersion: thatdam/v1, kind: EnvironmentProfile and spec: {}')
  }

  const findings: Finding[] = [...reading.findings]
  if (reading.contents !== null) {
    const tree = buildTree(reading.contents, lines)
    const checked = profileSchema.safeParse(tree.root.value)
    const broken = reading.soundUntil < Number.POSITIVE_INFINITY
    const found = [
      ...tree.findings,
      ...(checked.success ? [] : explainIssues(checked.error.issues, tree.root, profileSchema)),
      ...(broken ? [] : crossCheck(tree.root, lines)),
    ]
    // What lies beyond an error of grammar was guessed at, so nothing is said about it.
    findings.push(...found.filter(({ place }) => place.end <= reading.soundUntil))
    if (checked.success && findings.length === 0) return { ok: true, profile: expand(checked.data) }
  }
  return { ok: false, errors: toErrorDetails(findings, lines) }
}

function refuse(message: string, hint: string): ParseResult {
  return { ok: false, errors: [{ path: '', line: 1, column: 1, message, hint }] }
}
