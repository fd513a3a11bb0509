/** Whether a bucket keeps versions, and making it do so. */
import type { Server } from './ask'
import { textOf } from './xml'

const switchedOn =
  '<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Status>Enabled</Status></VersioningConfiguration>'

/** A bucket in which versions were kept once and no longer are keeps none. */
export async function keepsVersions(server: Server, bucket: string, signal: AbortSignal): Promise<boolean> {
  const { root } = await server.askXml({ method: 'GET', bucket, query: { versioning: '' } }, 'VersioningConfiguration', signal)
  return textOf(root, 'Status') === 'Enabled'
}

export async function keepVersions(server: Server, bucket: string, signal: AbortSignal): Promise<void> {
  await server.ask({ method: 'PUT', bucket, query: { versioning: '' }, body: Buffer.from(switchedOn) }, signal)
}
