/**
 * From text to a YAML document, within bounds: the size, the number of tokens and the depth of what is read are limited
 * before anything is built from them, so no text can exhaust the stack or the memory. JSON is YAML 1.2 and takes the same way.
 */
import { Composer, CST, type Document, isScalar, Lexer, type ParsedNode, Parser } from 'yaml'
import type { Finding } from './findings'
import { openingMarks } from './opening-marks'
import { syntaxSentence } from './syntax'
import { count, type Lines, quote } from './text'

/** A token is a word, a mark or a run of spaces. Ten thousand resources take about half of these. */
const maxTokens = 500_000
const maxDepth = 64
/** More than these are never shown, and each costs time. */
const maxSyntaxErrors = 100

export interface Reading {
  /** Null for an empty document; undefined where reading had to stop. */
  readonly contents: ParsedNode | null | undefined
  readonly findings: readonly Finding[]
  /** Where the first error of grammar is: what was read from there on is a guess. */
  readonly soundUntil: number
}

export function readYaml(text: string, lines: Lines): Reading {
  const findings: Finding[] = []
  const broken = new Map<number, Finding & { readonly lexical: boolean }>()

  function report(at: number, message: string, hint?: string, length = 1): void {
    findings.push({ path: [], place: { at, end: at + length }, message, ...(hint === undefined ? {} : { hint }) })
  }

  /** One error of grammar a line: the next ones on it follow from the first. */
  function reportSyntax(at: number, code: Parameters<typeof syntaxSentence>[0], detail: string): void {
    const { line } = lines.at(at)
    if (broken.has(line) || broken.size >= maxSyntaxErrors) return
    const sentence = syntaxSentence(code, detail, text.slice(at, at + 100))
    broken.set(line, { path: [], place: { at, end: at }, ...sentence, lexical: code === 'LEXICAL' })
  }

  function finish(contents: Reading['contents']): Reading {
    const grammar = [...broken.values()]
    const soundUntil = grammar.reduce((first, { place }) => Math.min(first, place.at), Number.POSITIVE_INFINITY)
    // What is left over at the end of a broken document follows from where it broke.
    const causes = grammar.filter(({ lexical, place }) => !lexical || place.at === soundUntil)
    return { contents, findings: [...findings, ...causes.map(({ lexical: _, ...finding }) => finding)], soundUntil }
  }

  const stranger = text.search(/(?![\t\n\r\u0085])[\p{Cc}\p{Surrogate}]/u)
  if (stranger !== -1) {
    const point = text.codePointAt(stranger) ?? 0
    const what = point < 0xd800 ? 'a control character' : 'half of a surrogate pair'
    const code = point.toString(16).toUpperCase().padStart(4, '0')
    report(stranger, `there is ${what} here (U+${code}), which no YAML or JSON text can have`, 'save the file as text in UTF-8')
    return finish(undefined)
  }

  const documents: CST.Document[] = []
  const ends: CST.DocumentEnd[] = []

  function take(token: CST.Token): void {
    if (token.type === 'document') {
      documents.push(token)
      if (documents.length === 2) {
        report(token.offset, 'a second document begins here, and a profile is one document', 'remove the line "---" or "..." before it')
      }
    } else if (token.type === 'doc-end') {
      ends.push(token)
    } else if (token.type === 'directive') {
      if (/^%YAML[ \t]+1\.2\s*$/.test(token.source)) return
      report(token.offset, `the directive ${quote(token.source)} has no meaning in a profile`, 'remove the line', token.source.length)
    } else if (token.type === 'error') {
      reportSyntax(token.offset, 'LEXICAL', token.message)
    }
  }

  const parser = new Parser()
  const openings = openingMarks((at, mark) => reportSyntax(at, 'UNCLOSED', mark))
  let tokens = 0
  let tags = 0
  let inScalar = false
  for (const lexeme of new Lexer().lex(text)) {
    const at = parser.offset
    tokens++
    if (tokens > maxTokens) {
      report(at, `the profile has more than ${count(maxTokens)} words and marks`, 'shorten it: a profile names resources and holds no data')
      return finish(undefined)
    }
    if (!inScalar) openings.next(lexeme, at)
    if (!inScalar && lexeme.startsWith('!')) {
      tags++
      const hint = 'remove it, or put a text that begins with ! in quotes'
      report(at, `the tag ${quote(lexeme)} has no meaning in a profile`, hint, lexeme.length)
    }
    inScalar = lexeme === CST.SCALAR
    for (const token of parser.next(lexeme)) take(token)
    if (parser.stack.length > maxDepth) {
      report(at, `lists and mappings are nested more than ${maxDepth} deep here`)
      return finish(undefined)
    }
    if (documents.length > 1 || broken.size >= maxSyntaxErrors) return finish(undefined)
  }
  openings.end()
  for (const token of parser.end()) take(token)

  const [first] = documents
  if (first === undefined || documents.length > 1) return finish(first === undefined ? null : undefined)
  const document = compose(first, ends)
  for (const error of document.errors) {
    // A tag is reported where it stands, whether or not it could be resolved.
    if (tags > 0 && (error.code === 'TAG_RESOLVE_FAILED' || error.code === 'BAD_COLLECTION_TYPE')) continue
    // So is what is not closed: the library complains where it gave up looking for the end.
    if (openings.unclosed > 0 && /(end with a|closing) ["'}\]]/.test(error.message)) continue
    reportSyntax(error.pos[0], error.code, error.message)
  }
  return finish(isScalar(document.contents) && document.contents.value === null ? null : document.contents)
}

function compose(token: CST.Document, ends: readonly CST.DocumentEnd[]): Document.Parsed {
  // Duplicate keys are looked for in build.ts: the library compares every key with every other.
  const composer = new Composer({ uniqueKeys: false, resolveKnownTags: false, logLevel: 'silent' })
  const made = [...composer.next(token), ...ends.flatMap((end) => [...composer.next(end)]), ...composer.end()]
  const [document] = made
  if (document === undefined) throw new TypeError('the YAML composer made no document of a document token')
  return document
}
