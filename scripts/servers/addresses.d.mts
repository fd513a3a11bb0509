export interface S3Address {
  /** `http://127.0.0.1:PORT` */
  readonly endpoint: string
  readonly accessKey: string
  readonly secretKey: string
}
export interface RabbitmqAddress {
  /** `amqp://user:password@127.0.0.1:PORT`, without a virtual host. */
  readonly url: string
  /** `http://127.0.0.1:PORT`, for the same user and password. */
  readonly managementUrl?: string
}
export interface WeaviateAddress {
  /** `http://127.0.0.1:PORT` */
  readonly url: string
  readonly apiKey?: string
}
export interface Addresses {
  readonly minio: S3Address
  readonly versitygw: S3Address
  readonly ceph: S3Address
  readonly rabbitmq: RabbitmqAddress
  readonly weaviate: WeaviateAddress
}
export type ServerName = keyof Addresses
export const servers: Readonly<Record<ServerName, { readonly title: string }>>
export const serverNames: readonly ServerName[]
export function addressFrom<N extends ServerName>(
  name: N,
  env?: Readonly<Record<string, string | undefined>>,
  prefix?: string,
): Addresses[N] | undefined
/** The header that lets in at the management API of RabbitMQ. */
export function managementLogin(address: { readonly url: string; readonly managementUrl: string }): string
export function assignments<N extends ServerName>(name: N, address: Addresses[N], prefix?: string): [variable: string, value: string][]
