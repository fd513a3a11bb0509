/**
 * The object storage on MinIO, or on any other server that speaks S3. Requests are signed and sent by this
 * adapter: each call has to end with its signal and its deadline, and keep what the server said when it refused.
 *
 * An object's etag is the sha256 of its content, kept in its metadata; one that somebody else stored has `ext-` and the server's. What a
 * server cannot do is refused, or done in a weaker way, as `capabilities` tells.
 */
import type { Examinable } from '../../core/ports/examinable'
import type { ObjectStorage, StorageRemover, StorageShaper, StorageView } from '../../core/ports/object-storage'
import { whereFree } from './beneath'
import { capabilityProbe, type StorageCapabilities } from './capabilities'
import { copier } from './copy'
import { detailsBy } from './details'
import { endpointAt } from './endpoint'
import { examiner } from './examine'
import { lister } from './list'
import { putter } from './put'
import { reader } from './read'
import { deleter } from './remove'
import { bucketRemover } from './remove-bucket'
import { restorer } from './restore'
import { shaper } from './shape'
import { openStore } from './store'
import { versionLister } from './versions'
import { viewer } from './view'

export interface StorageMinioOptions {
  /** `http(s)://host:port`, without credentials. */
  readonly endpoint: string
  readonly accessKey: string
  readonly secretKey: string
  /** `us-east-1` unless told. */
  readonly region?: string
  /** PEM of a certificate authority to trust instead of the usual ones. */
  readonly ca?: string
  /** Milliseconds without progress after which a call is given up. */
  readonly deadlineMs: number
  /** Where large bodies are kept while they are hashed, before they are sent. Made when it is first needed. */
  readonly spoolDirectory: string
  /** Never the same twice. */
  readonly uuid: () => string
}

export type StorageMinio = ObjectStorage &
  StorageView &
  StorageShaper &
  StorageRemover &
  Examinable & {
    /** What this server offers; asked once, by reads alone. */
    capabilities(signal: AbortSignal): Promise<StorageCapabilities>
  }

/** Connects to nothing: a server that is away is an error of the calls. */
export function openStorageMinio({ region = 'us-east-1', spoolDirectory, uuid, ...server }: StorageMinioOptions): StorageMinio {
  const store = openStore(endpointAt({ region, ...server }), spoolDirectory, uuid)
  const ifFree = whereFree(store)
  const { look, get, head } = reader(store)
  const put = putter(store, look, ifFree)
  const { copy, copyFound } = copier(store, look, put, ifFree)
  const details = detailsBy(look)
  const probe = capabilityProbe(store)
  return {
    get supports() {
      return probe.supports()
    },
    authoritative: true,
    put: put.put,
    get,
    head,
    list: lister(store, details),
    delete: deleter(store, look),
    copy,
    versions: versionLister(store, details),
    restore: restorer(store, look, copyFound),
    ...viewer(store),
    ...shaper(store),
    ...bucketRemover(store),
    capabilities: probe.capabilities,
    examine: examiner(store, probe),
    close: store.close,
  }
}
