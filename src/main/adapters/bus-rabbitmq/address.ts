/** Where a broker is and who asks: what `AMQP_URL` and `RABBITMQ_MANAGEMENT_URL` say. */
import { PortError } from '../../../shared/errors'
import type { Place } from '../net/trouble'

export interface Broker {
  readonly host: string
  readonly port: number
  readonly tls: boolean
  readonly user: string
  readonly password: string
  /** The vhost that the address names, if it names one. */
  readonly vhost: string | undefined
  /** For messages: without credentials. */
  readonly place: Place
}

const amqpPorts: Readonly<Record<string, number>> = { 'amqp:': 5_672, 'amqps:': 5_671 }
const caVariable = 'AMQP_CA_FILE'
const httpPorts: Readonly<Record<string, number>> = { 'http:': 15_672, 'https:': 15_671 }

/** Throws `invalid` for what is no address. The text itself may hold a password and is never repeated. */
export function brokerAt(url: string): Broker {
  const variable = 'AMQP_URL'
  const { parts, port } = read(url, variable, amqpPorts)
  const vhost = decoded(parts.pathname.slice(1), variable)
  return {
    ...whom(parts, variable, { user: 'guest', password: 'guest' }),
    port,
    tls: parts.protocol === 'amqps:',
    vhost: vhost === '' ? undefined : vhost,
    place: { server: 'RabbitMQ', address: `${parts.protocol}//${parts.hostname}:${port}`, caVariable },
  }
}

export interface ManagementAddress extends Omit<Broker, 'vhost'> {
  /** Before `/api`: `''`, or the prefix under which a proxy serves it. */
  readonly prefix: string
  /** The variable that the user and password stand in. */
  readonly credentialsIn: 'AMQP_URL' | 'RABBITMQ_MANAGEMENT_URL'
}

/** Credentials are those of the broker unless the address has its own. */
export function managementAt(url: string, broker: Broker): ManagementAddress {
  const variable = 'RABBITMQ_MANAGEMENT_URL'
  const { parts, port } = read(url, variable, httpPorts)
  const prefix = parts.pathname.replace(/\/+$/, '').replace(/\/api$/, '')
  return {
    ...whom(parts, variable, broker),
    port,
    tls: parts.protocol === 'https:',
    prefix,
    credentialsIn: isNamed(parts) ? variable : 'AMQP_URL',
    place: { server: 'the management API of RabbitMQ', address: `${parts.protocol}//${parts.hostname}:${port}${prefix}`, caVariable },
  }
}

function read(url: string, variable: string, ports: Readonly<Record<string, number>>): { readonly parts: URL; readonly port: number } {
  const parts = URL.parse(url)
  const port = parts === null ? undefined : ports[parts.protocol]
  if (parts === null || port === undefined || parts.hostname === '') {
    const schemes = Object.keys(ports).join('// or ')
    throw new PortError('invalid', `${variable} is not an address: it begins with ${schemes}// and names a host.`)
  }
  // A port that is the usual one of its scheme is left out by the parser, which for http is not the one of RabbitMQ.
  const usual =
    /^https?:/.test(parts.protocol) && /^https?:\/\/(?:[^/?#]*@)?[^/?#]*:\d+/.test(url) ? (parts.protocol === 'http:' ? 80 : 443) : port
  return { parts, port: parts.port === '' ? usual : Number(parts.port) }
}

function isNamed({ username, password }: URL): boolean {
  return username !== '' || password !== ''
}

function whom(parts: URL, variable: string, otherwise: { readonly user: string; readonly password: string }) {
  const named = isNamed(parts)
  return {
    host: parts.hostname.replace(/^\[|\]$/g, ''),
    user: named ? decoded(parts.username, variable) : otherwise.user,
    password: named ? decoded(parts.password, variable) : otherwise.password,
  }
}

/** Of a password as somebody chose it, say. The error does not repeat it either. */
function decoded(text: string, variable: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new PortError('invalid', `${variable} is not an address: a % in a user name, password or vhost is written %25.`)
  }
}
