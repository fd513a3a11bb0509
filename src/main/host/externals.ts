/** Which servers of the owner's serve instead of the embedded backends: environment, then `settings.json`. Secrets come from the environment alone. */
import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { UserError } from '../../shared/errors'
import { type AddressRules, parseAddress, refuseEmpty, serverOf, shownAddress } from './addresses'
import type { Environment } from './paths'
import type { Settings } from './settings'

interface External {
  /** Without credentials, as it is shown. */
  readonly address: string
  /** By which the journal knows it again. */
  readonly server: string
}

interface StorageExternal extends External {
  readonly endpoint: string
  readonly region?: string
  /** Certificate authorities in PEM. */
  readonly ca?: string
  /** Absent where this process was not given them: it may still ask a node that has them. */
  readonly keys?: { readonly accessKey: string; readonly secretKey: string }
}

interface BusExternal extends External {
  /** With user and password. */
  readonly url: string
  readonly managementUrl?: string
}

interface IndexExternal extends External {
  readonly url: string
  readonly apiKey?: string
}

export interface Externals {
  readonly storage?: StorageExternal
  readonly bus?: BusExternal
  readonly index?: IndexExternal
}

/** By the variable that selects an external: those that mean nothing without it, and the field of the settings that stands for it. */
const variables = {
  MINIO_ENDPOINT: { field: 'backends.storage.url', helpers: ['MINIO_ACCESS_KEY', 'MINIO_SECRET_KEY', 'MINIO_REGION', 'MINIO_CA_FILE'] },
  AMQP_URL: { field: 'backends.bus.url', helpers: ['RABBITMQ_MANAGEMENT_URL'] },
  WEAVIATE_URL: { field: 'backends.index.url', helpers: ['WEAVIATE_API_KEY'] },
} as const
type MainVariable = keyof typeof variables

const endpointRules: AddressRules = {
  schemes: ['http://', 'https://'],
  example: 'http://127.0.0.1:9000',
  path: false,
  secretsGo: 'Set MINIO_ACCESS_KEY and MINIO_SECRET_KEY instead.',
}
const amqpRules: AddressRules = { schemes: ['amqp://', 'amqps://'], example: 'amqp://user:password@127.0.0.1:5672', path: true }
const managementRules: AddressRules = {
  schemes: ['http://', 'https://'],
  example: 'http://127.0.0.1:15672',
  path: true,
}
const weaviateRules: AddressRules = {
  schemes: ['http://', 'https://'],
  example: 'http://127.0.0.1:8080',
  path: false,
  secretsGo: 'Set WEAVIATE_API_KEY instead.',
}

/** One value, and what a person calls the place it came from. */
interface Given {
  readonly text: string
  readonly source: string
}

/** Throws a `UserError` that names the variable, or the file and field, at fault. Opens nothing but the certificate. */
export async function readExternals(env: Environment, { backends }: Settings, settingsFile: string): Promise<Externals> {
  const value = (name: string, field: string, set: string | undefined): Given | undefined => {
    const text = env[name]
    if (text !== undefined) return { text, source: name }
    return set === undefined ? undefined : { text: set, source: `${settingsFile}: ${field}` }
  }
  const [storage, bus, index] = [
    await storageOf(env, value, backends.storage && besideSettings(backends.storage, settingsFile)),
    busOf(value, backends.bus),
    indexOf(env, value, backends.index),
  ]
  refuseAlone(env, 'MINIO_ENDPOINT', storage)
  refuseAlone(env, 'AMQP_URL', bus)
  refuseAlone(env, 'WEAVIATE_URL', index)
  return { ...(storage === undefined ? {} : { storage }), ...(bus === undefined ? {} : { bus }), ...(index === undefined ? {} : { index }) }
}

/** Throws where this process lacks what it needs to open an external itself, which one that only asks a running node does not need. */
export function refuseIncomplete({ storage }: Externals): void {
  if (storage === undefined || storage.keys !== undefined) return
  throw new UserError('invalid-setting', `There is an address for MinIO, ${storage.address}, and no keys for it.`, {
    hint: 'Set MINIO_ACCESS_KEY and MINIO_SECRET_KEY.',
  })
}

function named(url: URL): External {
  return { address: shownAddress(url), server: serverOf(url) }
}

type Value = (name: string, field: string, set: string | undefined) => Given | undefined
type Backends = Settings['backends']

async function storageOf(env: Environment, value: Value, set: Backends['storage']): Promise<StorageExternal | undefined> {
  const given = value('MINIO_ENDPOINT', 'backends.storage.url', set?.url)
  if (given === undefined) return undefined
  const url = parseAddress(given.text, given.source, endpointRules)
  const region = value('MINIO_REGION', 'backends.storage.region', set?.region)
  const ca = value('MINIO_CA_FILE', 'backends.storage.caFile', set?.caFile)
  const keys = keyPair(env)
  return {
    ...named(url),
    endpoint: url.origin,
    ...(region === undefined ? {} : { region: regionOf(region) }),
    ...(ca === undefined ? {} : { ca: await certificatesOf(ca) }),
    ...(keys === undefined ? {} : { keys }),
  }
}

/** A path in the file is meant from where the file lies: a node is started from anywhere. */
function besideSettings(set: NonNullable<Backends['storage']>, settingsFile: string): NonNullable<Backends['storage']> {
  return set.caFile === undefined ? set : { ...set, caFile: resolve(dirname(settingsFile), set.caFile) }
}

function keyPair(env: Environment): StorageExternal['keys'] {
  const { MINIO_ACCESS_KEY: accessKey, MINIO_SECRET_KEY: secretKey } = env
  refuseBadKey(env, 'MINIO_ACCESS_KEY', inHeader)
  refuseBadKey(env, 'MINIO_SECRET_KEY', onlySigning)
  if (accessKey !== undefined && secretKey !== undefined) return { accessKey, secretKey }
  if (accessKey === undefined && secretKey === undefined) return undefined
  const [has, lacks] = accessKey === undefined ? ['MINIO_SECRET_KEY', 'MINIO_ACCESS_KEY'] : ['MINIO_ACCESS_KEY', 'MINIO_SECRET_KEY']
  throw new UserError('invalid-setting', `${has} is set, and ${lacks} is not.`, { hint: `Set ${lacks} too: the two belong together.` })
}

/** What the head of a request has room for. */
const inHeader = /^[\x21-\x7e]+$/
/** Anything that a person could have meant. */
const onlySigning = /^(?!\s)\P{Cc}+(?<!\s)$/u

/** The usual fault is the line end of a file that the key was read from. */
function refuseBadKey(env: Environment, name: string, good: RegExp): void {
  const key = env[name]
  if (key === undefined) return
  refuseEmpty(key, name, 'Give the key')
  if (good.test(key)) return
  throw new UserError('invalid-setting', `${name} has characters in it that no such key has.`, {
    hint: 'Give the key alone, without a line end or white space around it.',
  })
}

function regionOf({ text, source }: Given): string {
  refuseEmpty(text, source, 'Name a region, such as us-east-1')
  if (/^[A-Za-z0-9-]{1,64}$/.test(text)) return text
  throw new UserError('invalid-setting', `${source} is not a region.`, { hint: 'Name one such as us-east-1, or leave it out.' })
}

async function certificatesOf({ text: file, source }: Given): Promise<string> {
  refuseEmpty(file, source, 'Name the file that holds the certificate authority in PEM')
  let pem: string
  try {
    pem = await readFile(file, 'utf8')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error)
    throw new UserError('invalid-setting', `${source} names ${file}, which cannot be read (${code}).`, {
      hint: 'Check the path and its permissions.',
      cause: error,
    })
  }
  try {
    new X509Certificate(pem)
  } catch (error) {
    throw new UserError('invalid-setting', `${source} names ${file}, which holds no certificate in PEM.`, {
      hint: 'It begins with -----BEGIN CERTIFICATE-----.',
      cause: error,
    })
  }
  return pem
}

function busOf(value: Value, set: Backends['bus']): BusExternal | undefined {
  const given = value('AMQP_URL', 'backends.bus.url', set?.url)
  if (given === undefined) return undefined
  const fromFile = given.source !== 'AMQP_URL'
  const url = parseAddress(
    given.text,
    given.source,
    fromFile ? { ...amqpRules, secretsGo: 'Set AMQP_URL, with the user and password in it.' } : amqpRules,
  )
  refuseBadParts(url, given.source)
  const management = value('RABBITMQ_MANAGEMENT_URL', 'backends.bus.managementUrl', set?.managementUrl)
  if (management !== undefined) refuseBadManagement(management)
  return {
    ...named(url),
    url: given.text,
    // As it was written: a port that is the usual one of HTTP is not the usual one of this server.
    ...(management === undefined ? {} : { managementUrl: management.text }),
  }
}

/** Without a user of its own, that of the broker asks there too. */
function refuseBadManagement({ text, source }: Given): void {
  const fromFile = source !== 'RABBITMQ_MANAGEMENT_URL'
  const secretsGo = 'Set RABBITMQ_MANAGEMENT_URL, with the user and password in it, or leave them out: those of AMQP_URL serve there too.'
  const { username, password } = parseAddress(text, source, fromFile ? { ...managementRules, secretsGo } : managementRules)
  refuseBadParts({ username, password, pathname: '' }, source)
}

/** User, password and vhost are percent-encoded; the vhost is one segment. */
function refuseBadParts({ username, password, pathname }: Pick<URL, 'username' | 'password' | 'pathname'>, source: string): void {
  const hint = 'Percent-encode what is special in the user, the password and the vhost: / is %2F, @ is %40, % is %25.'
  if (pathname.slice(1).includes('/')) throw new UserError('invalid-setting', `${source} has more than a vhost after the host.`, { hint })
  try {
    for (const part of [username, password, pathname]) decodeURIComponent(part)
  } catch (error) {
    throw new UserError('invalid-setting', `${source} has a % that encodes nothing.`, { hint, cause: error })
  }
}

function indexOf(env: Environment, value: Value, set: Backends['index']): IndexExternal | undefined {
  const given = value('WEAVIATE_URL', 'backends.index.url', set?.url)
  if (given === undefined) return undefined
  const url = parseAddress(given.text, given.source, weaviateRules)
  const { WEAVIATE_API_KEY: apiKey } = env
  refuseBadKey(env, 'WEAVIATE_API_KEY', inHeader)
  return { ...named(url), url: url.origin, ...(apiKey === undefined ? {} : { apiKey }) }
}

/** A key for a server that nothing names: its owner believes that it is used. */
function refuseAlone(env: Environment, main: MainVariable, external: object | undefined): void {
  if (external !== undefined) return
  const { field, helpers } = variables[main]
  const alone = helpers.find((name) => env[name] !== undefined)
  if (alone === undefined) return
  throw new UserError('invalid-setting', `${alone} is set, but nothing says which server it is for.`, {
    hint: `Set ${main}, or ${field} in settings.json; or unset ${alone}.`,
  })
}
