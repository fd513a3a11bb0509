import { describe, expect, it } from 'vitest'
import { childrenOf, escapeXml, parseXml, textOf } from '../../../../../src/main/adapters/storage-minio/xml'

describe('the XML of S3', () => {
  it('keeps every text as it is: numbers, booleans and spaces too', () => {
    const root = parseXml('<?xml version="1.0"?>\n<T xmlns="x"><a>007</a><a>2024.10</a><a>0x1F</a><a>true</a><a> x </a><a/><a></a></T>')
    expect(childrenOf(root, 'a').map(({ text }) => text)).toEqual(['007', '2024.10', '0x1F', 'true', ' x ', '', ''])
  })

  it('resolves entities and no others than XML has', () => {
    expect(parseXml('<a>&lt;&#34;&#x1F600;&amp;amp;&unknown;</a>').text).toBe('<"😀&amp;&unknown;')
    expect(parseXml('<a>one\r\ntwo&#xD;&#xA;<![CDATA[<b>&amp;]]></a>').text).toBe('one\ntwo\r\n<b>&amp;')
  })

  it('reads back what was escaped', () => {
    const text = 'a<b>&"\'\r\n\t é 😀'
    expect(parseXml(`<a>${escapeXml(text)}</a>`).text).toBe(text)
  })

  it('gives each element as it was written', () => {
    const rule = '<Rule><ID> 007 </ID><!-- kept --><Unknown a="1>2"><Deep/></Unknown></Rule>'
    const [element] = parseXml(`<L>${rule}</L>`).children
    expect(element?.source).toBe(rule)
    expect(textOf(element, 'ID')).toBe(' 007 ')
  })

  it.each([
    '',
    'no xml',
    '{}',
    '<a>',
    '<a></b>',
    '<a',
    '<a><b></a></b>',
    '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
    '</a>',
    '<a>'.repeat(50),
  ])('takes %j for no XML', (text) => {
    expect(() => parseXml(text)).toThrow(expect.objectContaining({ name: 'XmlError' }))
  })
})
