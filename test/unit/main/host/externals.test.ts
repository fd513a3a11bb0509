/** Which servers serve, from the environment and `settings.json`. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadConfig } from '../../../../src/main/host/config'
import { type Externals, refuseIncomplete } from '../../../../src/main/host/externals'
import { tempDir } from '../../../support/temp'

async function externals(env: Readonly<Record<string, string>>, settings: unknown = {}): Promise<Externals> {
  const data = tempDir()
  writeFileSync(join(data, 'settings.json'), JSON.stringify(settings))
  return (await loadConfig({ flags: { data }, env })).externals
}

const keys = { MINIO_ACCESS_KEY: 'ada', MINIO_SECRET_KEY: 'hidden-secret' }
/** Of a certificate authority that signed nothing. */
const pem = `-----BEGIN CERTIFICATE-----
MIIBhTCCASugAwIBAgIUXwI/r7qX5+jMyVvdMYtbs2tZGDYwCgYIKoZIzj0EAwIw
FzEVMBMGA1UEAwwMdGhhdGRhbSB0ZXN0MCAXDTI2MTEyNDEyNDgyOVoYDzIxMjYx
MDMxMTI0ODI5WjAXMRUwEwYDVQQDDAx0aGF0ZGFtIHRlc3QwWTATBgcqhkjOPQIB
BggqhkjOPQMBBwNCAASegRgG1mNhI6f9J+gUbsaPWv7TR17Gzd8/zUMKkMJ9UIyQ
U949wTZfXLbSVCfcqPCEO2Exn17r/SBpIWsizDhSo1MwUTAdBgNVHQ4EFgQUxrci
oB782Sc3pKWtmgz+Gl5MhrwwHwYDVR0jBBgwFoAUxrcioB782Sc3pKWtmgz+Gl5M
hrwwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiEAzTpBexCGikfs
UDCnZQXIXPBvCR3n5w7rVRljo29w3d8CIDGqR+GblTjJcQDMxyNJiqbPz2wiune5
qH2SyX4528MW
-----END CERTIFICATE-----
`

describe('externals', () => {
  it('are none where nothing names any', async () => {
    expect(await externals({})).toEqual({})
  })

  it('are not those of the tests', async () => {
    expect(
      await externals({ THATDAM_TEST_MINIO_ENDPOINT: 'http://127.0.0.1:9000', THATDAM_TEST_WEAVIATE_URL: 'http://127.0.0.1:8080' }),
    ).toEqual({})
  })

  it('are taken from the environment', async () => {
    expect(
      await externals({
        ...keys,
        MINIO_ENDPOINT: 'https://minio.example:9000/',
        MINIO_REGION: 'eu-central-1',
        AMQP_URL: 'amqp://ada:p%40ss@rabbit:5672/media',
        RABBITMQ_MANAGEMENT_URL: 'http://rabbit:15672/',
        WEAVIATE_URL: 'http://weaviate:8080',
        WEAVIATE_API_KEY: 'hidden-key',
      }),
    ).toEqual({
      storage: {
        address: 'https://minio.example:9000',
        server: 'https://minio.example:9000',
        endpoint: 'https://minio.example:9000',
        region: 'eu-central-1',
        keys: { accessKey: 'ada', secretKey: 'hidden-secret' },
      },
      bus: {
        address: 'amqp://rabbit:5672/media',
        server: 'amqp://rabbit:5672',
        url: 'amqp://ada:p%40ss@rabbit:5672/media',
        managementUrl: 'http://rabbit:15672/',
      },
      index: { address: 'http://weaviate:8080', server: 'http://weaviate:8080', url: 'http://weaviate:8080', apiKey: 'hidden-key' },
    })
  })

  it('are taken from settings.json where the environment says nothing, value by value', async () => {
    const settings = {
      backends: {
        storage: { url: 'http://from-file:9000', region: 'from-file' },
        bus: { url: 'amqp://from-file' },
        index: { url: 'http://from-file:8080' },
      },
    }
    const found = await externals({ ...keys, MINIO_REGION: 'from-env', AMQP_URL: 'amqp://from-env' }, settings)
    expect(found.storage).toMatchObject({ endpoint: 'http://from-file:9000', region: 'from-env', keys: { accessKey: 'ada' } })
    expect(found.bus?.address).toBe('amqp://from-env')
    expect(found.index?.address).toBe('http://from-file:8080')
  })

  it.each([
    ['amqp://ada:pw@Rabbit/media', 'amqp://rabbit:5672'],
    ['amqps://rabbit', 'amqps://rabbit:5671'],
    ['amqp://rabbit:5673', 'amqp://rabbit:5673'],
  ])('%s leads to the server %s, however it is spelt', async (AMQP_URL, server) => {
    expect((await externals({ AMQP_URL })).bus?.server).toBe(server)
  })

  it.each([
    ['http://NAS/', 'http://nas:80'],
    ['http://nas:80', 'http://nas:80'],
    ['https://nas', 'https://nas:443'],
  ])('%s leads to the server %s, however it is spelt too', async (MINIO_ENDPOINT, server) => {
    expect((await externals({ ...keys, MINIO_ENDPOINT })).storage?.server).toBe(server)
  })

  it('may have a secret with any characters that are seen', async () => {
    const MINIO_SECRET_KEY = 'hidden secret, für mich'
    expect((await externals({ ...keys, MINIO_SECRET_KEY, MINIO_ENDPOINT: 'http://a' })).storage?.keys?.secretKey).toBe(MINIO_SECRET_KEY)
  })

  it('without keys are good for a process that asks a running node, and no more', async () => {
    const found = await externals({}, { backends: { storage: { url: 'http://127.0.0.1:9000' } } })
    expect(() => refuseIncomplete(found)).toThrow(/no keys for it/)
    expect(() => refuseIncomplete({})).not.toThrow()
  })

  it.each<[Readonly<Record<string, string>>, string]>([
    [{ MINIO_ENDPOINT: '' }, 'MINIO_ENDPOINT is empty'],
    [{ MINIO_ENDPOINT: 'minio:9000' }, 'MINIO_ENDPOINT does not begin with http:// or https://'],
    [{ MINIO_ENDPOINT: 'http://minio:99999' }, 'MINIO_ENDPOINT is not an address'],
    [{ MINIO_ENDPOINT: 'http://minio:9000/bucket' }, 'MINIO_ENDPOINT has a path after the host'],
    [{ MINIO_ENDPOINT: 'http://ada:hidden@minio:9000' }, 'MINIO_ENDPOINT has a user or password in it'],
    [{ MINIO_ENDPOINT: 'http://minio:9000?x' }, 'MINIO_ENDPOINT has something after a ? or #'],
    [{ MINIO_ENDPOINT: 'http://minio:9000 ' }, 'MINIO_ENDPOINT has white space in it'],
    [{ MINIO_ENDPOINT: 'http://a', MINIO_ACCESS_KEY: 'ada' }, 'MINIO_ACCESS_KEY is set, and MINIO_SECRET_KEY is not'],
    [{ MINIO_ENDPOINT: 'http://a', MINIO_SECRET_KEY: 'hidden' }, 'MINIO_SECRET_KEY is set, and MINIO_ACCESS_KEY is not'],
    [{ MINIO_ENDPOINT: 'http://a', MINIO_ACCESS_KEY: '', MINIO_SECRET_KEY: 'hidden' }, 'MINIO_ACCESS_KEY is empty'],
    [{ MINIO_ENDPOINT: 'http://a', ...keys, MINIO_REGION: 'a b' }, 'MINIO_REGION is not a region'],
    [
      { MINIO_ENDPOINT: 'http://a', ...keys, MINIO_CA_FILE: '/nowhere/ca.pem' },
      'MINIO_CA_FILE names /nowhere/ca.pem, which cannot be read (ENOENT)',
    ],
    [{ MINIO_ENDPOINT: 'http://a', ...keys, MINIO_CA_FILE: '/dev/null' }, 'MINIO_CA_FILE names /dev/null, which holds no certificate'],
    [keys, 'MINIO_ACCESS_KEY is set, but nothing says which server it is for'],
    [{ AMQP_URL: 'amqp:///media' }, 'AMQP_URL names no host'],
    [{ AMQP_URL: 'http://hidden@rabbit' }, 'AMQP_URL does not begin with amqp:// or amqps://'],
    [{ AMQP_URL: 'amqp://ada:hidden@rabbit/a/b' }, 'AMQP_URL has more than a vhost after the host'],
    [{ AMQP_URL: 'amqp://ada:hidden%@rabbit' }, 'AMQP_URL has a % that encodes nothing'],
    [{ AMQP_URL: 'amqp://ada:hidden@ra%bbit' }, 'AMQP_URL has a % in the name of the host'],
    [{ AMQP_URL: 'amqp://ada:hidden@rabbit/100%' }, 'AMQP_URL has a % that encodes nothing'],
    [{ AMQP_URL: 'amqps://rabbit', AMQP_CA_FILE: '/nowhere/ca.pem' }, 'AMQP_CA_FILE names /nowhere/ca.pem, which cannot be read'],
    [{ AMQP_CA_FILE: '/nowhere/ca.pem' }, 'AMQP_CA_FILE is set, but nothing says which server it is for'],
    [{ WEAVIATE_URL: 'https://weaviate', WEAVIATE_CA_FILE: '/dev/null' }, 'WEAVIATE_CA_FILE names /dev/null, which holds no certificate'],
    [{ MINIO_ENDPOINT: 'http://a', ...keys, MINIO_ACCESS_KEY: 'hidden-ключ' }, 'MINIO_ACCESS_KEY has characters in it that cannot be sent'],
    [{ AMQP_URL: 'amqp://ada:hidden#1@rabbit' }, 'AMQP_URL '],
    [{ AMQP_URL: 'amqp://rabbit?heartbeat=5' }, 'AMQP_URL has something after a ? or #'],
    [{ AMQP_URL: 'amqp://rabbit', RABBITMQ_MANAGEMENT_URL: 'rabbit:15672' }, 'RABBITMQ_MANAGEMENT_URL does not begin with'],
    [
      { AMQP_URL: 'amqp://rabbit', RABBITMQ_MANAGEMENT_URL: 'http://ada:hidden%@rabbit' },
      'RABBITMQ_MANAGEMENT_URL has a % that encodes nothing',
    ],
    [{ RABBITMQ_MANAGEMENT_URL: 'http://rabbit:15672' }, 'RABBITMQ_MANAGEMENT_URL is set, but nothing says'],
    [{ WEAVIATE_URL: 'ftp://weaviate' }, 'WEAVIATE_URL does not begin with'],
    [{ WEAVIATE_URL: 'http://hidden@weaviate' }, 'WEAVIATE_URL has a user or password'],
    [{ WEAVIATE_URL: 'http://weaviate', WEAVIATE_API_KEY: 'hidden\n' }, 'WEAVIATE_API_KEY has characters in it that no such key has'],
    [{ WEAVIATE_URL: 'http://weaviate', WEAVIATE_API_KEY: '“hidden”' }, 'WEAVIATE_API_KEY has characters'],
    [{ MINIO_ENDPOINT: 'http://a', ...keys, MINIO_ACCESS_KEY: 'hidden\n' }, 'MINIO_ACCESS_KEY has characters'],
    [{ MINIO_ENDPOINT: 'http://a', ...keys, MINIO_SECRET_KEY: 'hidden\n' }, 'MINIO_SECRET_KEY has characters'],
    [{ WEAVIATE_API_KEY: 'hidden' }, 'WEAVIATE_API_KEY is set, but nothing says'],
  ])('%j: %s', async (env, message) => {
    const refusal = await externals(env).catch((error: unknown) => error)
    expect(refusal).toMatchObject({ code: 'invalid-setting', hint: expect.any(String) })
    const { message: said, hint } = refusal as { message: string; hint: string }
    expect(said).toContain(message)
    expect(said + hint).not.toContain('hidden')
  })

  it.each([
    ['url', { url: 'amqp://ada:hidden@rabbit' }, 'AMQP_URL'],
    ['managementUrl', { url: 'amqp://rabbit', managementUrl: 'http://ada:hidden@rabbit' }, 'RABBITMQ_MANAGEMENT_URL'],
  ])('in settings.json with a password in %s are refused by file and field, with where the password goes', async (field, bus, variable) => {
    await expect(externals({}, { backends: { bus } })).rejects.toMatchObject({
      message: expect.stringMatching(new RegExp(`settings\\.json: backends\\.bus\\.${field} has a user or password`)),
      hint: expect.stringContaining(variable),
    })
  })

  it('take a certificate authority from a file, which settings.json names from where it lies', async () => {
    const data = tempDir()
    writeFileSync(join(data, 'ca.pem'), pem)
    const backends = {
      storage: { url: 'https://minio', caFile: 'ca.pem' },
      bus: { url: 'amqps://rabbit', caFile: 'ca.pem' },
      index: { caFile: 'ca.pem' },
    }
    writeFileSync(join(data, 'settings.json'), JSON.stringify({ backends }))
    const { externals: found } = await loadConfig({ flags: { data }, env: { ...keys, WEAVIATE_URL: 'https://weaviate' } })
    expect([found.storage?.ca, found.bus?.ca, found.index?.ca]).toEqual([pem, pem, pem])
    const ca = join(data, 'ca.pem')
    const set = { AMQP_URL: 'amqps://rabbit', AMQP_CA_FILE: ca, WEAVIATE_URL: 'https://weaviate', WEAVIATE_CA_FILE: ca }
    expect(await externals(set)).toMatchObject({ bus: { ca: pem }, index: { ca: pem } })
  })

  it('may be told of in settings.json, while the environment says where they are', async () => {
    const backends = { bus: { managementUrl: 'http://rabbit:15672' }, storage: { region: 'eu' } }
    const found = await externals({ ...keys, AMQP_URL: 'amqp://ada:pw@rabbit', MINIO_ENDPOINT: 'http://minio' }, { backends })
    expect(found).toMatchObject({ bus: { managementUrl: 'http://rabbit:15672' }, storage: { region: 'eu' } })
  })

  it('that are told of, and not where they are, are refused', async () => {
    await expect(externals({}, { backends: { bus: { managementUrl: 'http://rabbit:15672' } } })).rejects.toMatchObject({
      message: expect.stringMatching(/settings\.json: backends\.bus\.url is missing, and AMQP_URL is not set\./),
      hint: expect.stringContaining('take backends.bus out of the file'),
    })
  })
})
