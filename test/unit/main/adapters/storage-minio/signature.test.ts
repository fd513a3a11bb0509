import fc from 'fast-check'
import { signV4 } from 'minio/dist/esm/signing.mjs'
import { expect, it } from 'vitest'
import { encodeSegment } from '../../../../../src/main/adapters/storage-minio/endpoint'
import { signatureTime, signer } from '../../../../../src/main/adapters/storage-minio/signature'

/** Of the AWS documentation, "Authenticating requests: examples of signature calculations". */
const published = {
  accessKey: 'AKIAIOSFODNN7EXAMPLE',
  secretKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  region: 'us-east-1',
}
const emptyHash = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
const bodyHash = '44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072'
const headers = { host: 'examplebucket.s3.amazonaws.com', 'x-amz-date': '20130524T000000Z' }

for (const [what, request, signed, signature] of [
  [
    'the get of a range',
    {
      method: 'GET',
      path: '/test.txt',
      headers: { ...headers, range: 'bytes=0-9', 'x-amz-content-sha256': emptyHash },
      sha256: emptyHash,
    },
    'host;range;x-amz-content-sha256;x-amz-date',
    'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
  ],
  [
    'a put with a key that has to be encoded',
    {
      method: 'PUT',
      path: '/test%24file.text',
      headers: {
        ...headers,
        date: 'Fri, 24 May 2013 00:00:00 GMT',
        'x-amz-storage-class': 'REDUCED_REDUNDANCY',
        'x-amz-content-sha256': bodyHash,
      },
      sha256: bodyHash,
    },
    'date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class',
    '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
  ],
  [
    'a parameter without a value',
    { method: 'GET', path: '/?lifecycle', headers: { ...headers, 'x-amz-content-sha256': emptyHash }, sha256: emptyHash },
    'host;x-amz-content-sha256;x-amz-date',
    'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
  ],
  [
    'several parameters, in any order',
    { method: 'GET', path: '/?prefix=J&max-keys=2', headers: { ...headers, 'x-amz-content-sha256': emptyHash }, sha256: emptyHash },
    'host;x-amz-content-sha256;x-amz-date',
    '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
  ],
] as const) {
  it(`signs ${what} as the published example says`, () => {
    const scope = 'AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request'
    expect(signer(published)(request)).toBe(`AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=${signed}, Signature=${signature}`)
  })
}

it('signs whatever is asked on whatever day as the minio client does', () => {
  const sign = signer(published)
  const text = fc.string({ unit: 'grapheme' })
  fc.assert(
    fc.property(
      fc.constantFrom('GET', 'PUT', 'DELETE'),
      fc.array(text),
      fc.dictionary(text, text),
      fc.dictionary(fc.stringMatching(/^x-amz-meta-[a-z]{1,8}(%C3%A9)?$/), fc.stringMatching(/^[!-~]( {0,3}[!-~])*$/)),
      fc.date({ min: new Date('2000-01-01'), max: new Date('2099-12-31'), noInvalidDate: true }),
      (method, segments, query, metadata, date) => {
        const parameters = Object.entries(query).map(([name, value]) => `${encodeSegment(name)}=${encodeSegment(value)}`)
        const path = `/${segments.map(encodeSegment).join('/')}${parameters.length > 0 ? `?${parameters.join('&')}` : ''}`
        const all = { host: 'server:9000', ...metadata, 'content-type': 'text/plain', 'x-amz-date': signatureTime(date) }
        const request = { method, path, headers: all } as unknown as Parameters<typeof signV4>[0]
        const { accessKey, secretKey, region } = published
        expect(sign({ method, path, headers: all, sha256: bodyHash })).toBe(signV4(request, accessKey, secretKey, region, date, bodyHash))
      },
    ),
  )
})
