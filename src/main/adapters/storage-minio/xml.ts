/**
 * Reading the XML of S3, and editing it without touching what is not understood. Every text stays text (a general parser makes a
 * number of `007`), and every element knows where it stood, so that a foreign rule can be sent back byte for byte.
 */
export interface Element {
  /** Without a namespace's prefix. */
  readonly name: string
  readonly children: readonly Element[]
  /** What it says, entities resolved; of an element with children, the space between them. */
  readonly text: string
  /** The whole element as it was written. */
  readonly source: string
}

/** What is not XML, or ends in the middle. */
export class XmlError extends Error {
  override readonly name = 'XmlError'
}

const deepest = 32
const token =
  /<!\[CDATA\[([\s\S]*?)\]\]>|<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<\/([^\s>]+)\s*>|<([^\s/>!]+)((?:[^>"']|"[^"]*"|'[^']*')*?)(\/?)>|([^<]+)/y

interface Open {
  readonly name: string
  readonly start: number
  readonly children: Element[]
  text: string
}

/** The root of a document. Throws `XmlError`. */
export function parseXml(source: string): Element {
  const document: Open = { name: '', start: 0, children: [], text: '' }
  const open: Open[] = [document]
  const innermost = () => open.at(-1) ?? document
  token.lastIndex = source.startsWith('\ufeff') ? 1 : 0
  while (token.lastIndex < source.length) {
    const start = token.lastIndex
    const match = token.exec(source)
    if (match === null) throw new XmlError(`no XML at character ${start}`)
    const [whole, cdata, closed, opened, , empty, text] = match
    if (text !== undefined) innermost().text += resolved(text)
    else if (cdata !== undefined) innermost().text += cdata
    else if (closed !== undefined) close(closed, start + whole.length)
    else if (opened !== undefined) {
      if (open.length > deepest) throw new XmlError('elements are nested too deeply')
      open.push({ name: opened, start, children: [], text: '' })
      if (empty === '/') close(opened, start + whole.length)
    }
  }
  const [root] = document.children
  if (open.length > 1 || root === undefined) throw new XmlError('the document ends in the middle')
  return root

  function close(name: string, end: number): void {
    const element = open.pop()
    if (element === undefined || element.name !== name || open.length === 0) throw new XmlError(`</${name}> closes nothing`)
    innermost().children.push({
      name: name.slice(name.indexOf(':') + 1),
      children: element.children,
      text: element.text,
      source: source.slice(element.start, end),
    })
  }
}

const named: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }

function resolved(text: string): string {
  // A line end written as such is one character, whatever it was made of; one that belongs to the text comes as an entity.
  const lines = text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text
  if (!lines.includes('&')) return lines
  return lines.replace(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(\w+));/gi, (whole, hex?: string, decimal?: string, name?: string) => {
    if (name !== undefined) return named[name] ?? whole
    const point = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)
    return point <= 0x10ffff ? String.fromCodePoint(point) : whole
  })
}

export function childrenOf(element: Element, name: string): readonly Element[] {
  return element.children.filter((child) => child.name === name)
}

export function childOf(element: Element | undefined, name: string): Element | undefined {
  return element?.children.find((child) => child.name === name)
}

/** The text of a child; undefined where there is none of that name. */
export function textOf(element: Element | undefined, name: string): string | undefined {
  return childOf(element, name)?.text
}

/** Text as it may stand between tags. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"\r]/g, (character) => `&#${character.charCodeAt(0)};`)
}
