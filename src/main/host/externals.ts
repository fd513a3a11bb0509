/** Which servers of the owner's serve instead of the embedded backends: environment, then `settings.json`. Secrets come from the environment alone. */
import { dirname, resolve } from 'node:path'
import { UserError } from '../../shared/errors'
import { type AddressRules, parseAddress, refuseEmpty, serverOf, shownAddress } from './addresses'
import { readCertificates } from './certificates'
import type { Environment } from './paths'
import { apiKeyOf, type KeyPair, keyPair } from './server-keys'
import type { Settings } from './settings'

interface External {
  /** Without credentials, as it is shown. */
  readonly address: string
  /** By which the journal knows it again. */
  readonly server: string
  /** Certificate authorities in PEM. */
  readonly ca?: string
}

interface StorageExternal extends External {
  readonly endpoint: string
  readonly region?: string
  /** Absent where this process was not given them: it may still ask a node that has them. */
  readonly keys?: KeyPair
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
  AMQP_URL: { field: 'backends.bus.url', helpers: ['RABBITMQ_MANAGEMENT_URL', 'AMQP_CA_FILE'] },
  WEAVIATE_URL: { field: 'backends.index.url', helpers: ['WEAVIATE_API_KEY', 'WEAVIATE_CA_FILE'] },
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
  readonly fromFile: boolean
}

/** Where values come from: the environment, and behind it the settings and their file. */
interface Sources {
  readonly env: Environment
  readonly settingsFile: string
}

/** Throws a `UserError` that names the variable, or the file and field, at fault. Opens nothing but certificates. */
export async function readExternals(env: Environment, { backends }: Settings, settingsFile: string): Promise<Externals> {
  const sources = { env, settingsFile }
  const [storage, bus, index] = [
    await storageOf(sources, backends.storage),
    await busOf(sources, backends.bus),
    await indexOf(sources, backends.index),
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

type Backends = Settings['backends']

function given({ env, settingsFile }: Sources, name: string, field: string, set: string | undefined): Given | undefined {
  const text = env[name]
  if (text !== undefined) return { text, source: name, fromFile: false }
  return set === undefined ? undefined : { text: set, source: `${settingsFile}: ${field}`, fromFile: true }
}

/** The address of a server, by the variable that selects it. Settings that say more of a server than where it is need its address from somewhere. */
function addressOf(sources: Sources, name: MainVariable, set: { readonly url?: string | undefined } | undefined): Given | undefined {
  const { field } = variables[name]
  const found = given(sources, name, field, set?.url)
  if (found !== undefined || set === undefined) return found
  throw new UserError('invalid-setting', `${sources.settingsFile}: ${field} is missing, and ${name} is not set.`, {
    hint: `Say there where the server is, or set ${name}; or take ${field.replace(/\.url$/, '')} out of the file.`,
  })
}

async function storageOf(sources: Sources, set: Backends['storage']): Promise<StorageExternal | undefined> {
  const address = addressOf(sources, 'MINIO_ENDPOINT', set)
  if (address === undefined) return undefined
  const url = parseAddress(address.text, address.source, endpointRules)
  const region = given(sources, 'MINIO_REGION', 'backends.storage.region', set?.region)
  const keys = keyPair(sources.env)
  return {
    ...named(url),
    ...(await authority(sources, given(sources, 'MINIO_CA_FILE', 'backends.storage.caFile', set?.caFile))),
    endpoint: url.origin,
    ...(region === undefined ? {} : { region: regionOf(region) }),
    ...(keys === undefined ? {} : { keys }),
  }
}

async function busOf(sources: Sources, set: Backends['bus']): Promise<BusExternal | undefined> {
  const address = addressOf(sources, 'AMQP_URL', set)
  if (address === undefined) return undefined
  const url = parseAddress(
    address.text,
    address.source,
    address.fromFile ? { ...amqpRules, secretsGo: 'Set AMQP_URL, with the user and password in it.' } : amqpRules,
  )
  refuseBadParts(url, address.source)
  const management = given(sources, 'RABBITMQ_MANAGEMENT_URL', 'backends.bus.managementUrl', set?.managementUrl)
  if (management !== undefined) refuseBadManagement(management)
  return {
    ...named(url),
    ...(await authority(sources, given(sources, 'AMQP_CA_FILE', 'backends.bus.caFile', set?.caFile))),
    url: address.text,
    // As it was written: a port that is the usual one of HTTP is not the usual one of this server.
    ...(management === undefined ? {} : { managementUrl: management.text }),
  }
}

async function indexOf(sources: Sources, set: Backends['index']): Promise<IndexExternal | undefined> {
  const address = addressOf(sources, 'WEAVIATE_URL', set)
  if (address === undefined) return undefined
  const url = parseAddress(address.text, address.source, weaviateRules)
  const apiKey = apiKeyOf(sources.env)
  return {
    ...named(url),
    ...(await authority(sources, given(sources, 'WEAVIATE_CA_FILE', 'backends.index.caFile', set?.caFile))),
    url: url.origin,
    ...(apiKey === undefined ? {} : { apiKey }),
  }
}

function named(url: URL): Pick<External, 'address' | 'server'> {
  return { address: shownAddress(url), server: serverOf(url) }
}

/** A path in the file is meant from where the file lies: a node is started from anywhere. */
async function authority({ settingsFile }: Sources, file: Given | undefined): Promise<Pick<External, 'ca'>> {
  if (file === undefined) return {}
  refuseEmpty(file.text, file.source, 'Name the file that holds the certificate authority in PEM')
  const path = file.fromFile ? resolve(dirname(settingsFile), file.text) : file.text
  return { ca: await readCertificates(path, file.source) }
}

function regionOf({ text, source }: Given): string {
  refuseEmpty(text, source, 'Name a region, such as us-east-1')
  if (/^[A-Za-z0-9-]{1,64}$/.test(text)) return text
  throw new UserError('invalid-setting', `${source} is not a region.`, { hint: 'Name one such as us-east-1, or leave it out.' })
}

/** Without a user of its own, that of the broker asks there too. */
function refuseBadManagement({ text, source, fromFile }: Given): void {
  const secretsGo = 'Set RABBITMQ_MANAGEMENT_URL, with the user and password in it, or leave them out: those of AMQP_URL serve there too.'
  const { username, password, hostname } = parseAddress(text, source, fromFile ? { ...managementRules, secretsGo } : managementRules)
  refuseBadParts({ username, password, hostname, pathname: '' }, source)
}

/** User, password and vhost are percent-encoded; the vhost is one segment. */
function refuseBadParts(
  { username, password, hostname, pathname }: Pick<URL, 'username' | 'password' | 'hostname' | 'pathname'>,
  source: string,
): void {
  const hint = 'Percent-encode what is special in the user, the password and the vhost: / is %2F, @ is %40, % is %25.'
  if (pathname.slice(1).includes('/')) throw new UserError('invalid-setting', `${source} has more than a vhost after the host.`, { hint })
  if (hostname.includes('%')) throw new UserError('invalid-setting', `${source} has a % in the name of the host.`, { hint })
  try {
    for (const part of [username, password, pathname]) decodeURIComponent(part)
  } catch (error) {
    throw new UserError('invalid-setting', `${source} has a % that encodes nothing.`, { hint, cause: error })
  }
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
