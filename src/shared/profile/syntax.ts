/** What the YAML parser complains about, in words for somebody who does not know the grammar by heart. */
import type { YAMLError } from 'yaml'
import { quote } from './text'

interface Sentence {
  readonly message: string
  readonly hint?: string
}

const indentation: Sentence = {
  message: 'the indentation does not fit the lines above',
  hint: 'the keys of one mapping, and the items of one list, begin in the same column',
}

/** `source` is the text from the place of the error on. */
export function syntaxSentence(code: YAMLError['code'] | 'LEXICAL' | 'UNCLOSED', detail: string, source: string): Sentence {
  switch (code) {
    case 'TAB_AS_INDENT':
      return { message: 'a tab cannot be used for indentation', hint: 'use spaces' }
    case 'BAD_INDENT':
      return indentation
    case 'MISSING_CHAR':
      return missing(detail)
    case 'UNCLOSED':
      return unclosed(detail)
    case 'BAD_SCALAR_START':
      return { message: `a value cannot begin with ${quote(source.slice(0, 1))}`, hint: 'put the value in quotes' }
    case 'BAD_DQ_ESCAPE':
      return {
        message: 'this is not an escape sequence that a text in double quotes can have',
        hint: 'write \\\\ for a backslash, or use single quotes',
      }
    case 'BLOCK_AS_IMPLICIT_KEY':
      if (/sequence/.test(detail)) return indentation
      return {
        message: 'a mapping or a list cannot begin on the line of its key',
        hint: 'begin it on the next line, or put a text that has ": " in it in quotes',
      }
    case 'BLOCK_IN_FLOW':
      return {
        message: 'inside [ ] or { } another key cannot follow here',
        hint: 'put a comma between two items, and quotes around a text that has ": " in it',
      }
    case 'MULTILINE_IMPLICIT_KEY':
      return { message: 'a key must be on one line', hint: 'look for a missing ":" or an unclosed quote on the lines before' }
    case 'KEY_OVER_1024_CHARS':
      return { message: 'a key can be 1,024 characters long at most' }
    case 'BAD_ALIAS':
    case 'ALIAS_PROPS':
      return { message: 'this is not a valid anchor or alias', hint: 'put a value that begins with & or * in quotes' }
    case 'MULTIPLE_ANCHORS':
    case 'MULTIPLE_TAGS':
    case 'BAD_PROP_ORDER':
      return { message: 'an anchor stands directly before its value, and there can be one only' }
    case 'UNEXPECTED_TOKEN':
    case 'LEXICAL':
      return {
        message: `${seen(source)} is not expected here`,
        hint: /^[[{"']/.test(source)
          ? 'a comma or a line break may be missing before it'
          : 'if it is part of a text, put the text in quotes',
      }
    default:
      return { message: `${seen(source)} cannot be read as YAML or JSON` }
  }
}

function unclosed(mark: string): Sentence {
  const closing = { '{': '}', '[': ']' }[mark]
  if (closing === undefined) return { message: 'the quote that is opened here is not closed', hint: `add ${mark} at the end of the text` }
  const message = `the bracket ${quote(mark)} that is opened here is not closed`
  return { message, hint: `add ${quote(closing)}; lines inside brackets are indented more than the line they begin on` }
}

function missing(detail: string): Sentence {
  if (/map values/.test(detail)) return { message: 'a key must be followed by ":" and its value', hint: 'add ":" after the key' }
  if (/Missing space after :/.test(detail)) return { message: 'a space is missing after ":"' }
  if (/^Missing , /.test(detail)) return { message: 'a comma is missing between two items' }
  if (/Comments/.test(detail)) return { message: 'a space is missing before "#"', hint: 'if "#" is part of a text, put the text in quotes' }
  if (/indicator/.test(detail) && /Sequence/.test(detail)) return { message: 'a list item must begin with "- "' }
  if (/Tags and anchors/.test(detail)) return { message: 'a space is missing after an anchor' }
  if (/directives-end/.test(detail)) return { message: 'the first line of a document cannot share a line with "---"' }
  return { message: 'something is missing before this place, such as a space, a comma or a line break' }
}

function seen(source: string): string {
  const word = /^\S+/.exec(source.slice(0, 80))?.[0]
  return word === undefined ? 'the end of the text' : quote(word)
}
