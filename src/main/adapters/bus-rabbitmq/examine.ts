/** How the broker is, in findings with advice: what `thatdam doctor` and the page of a backend show. */
import { PortError } from '../../../shared/errors'
import type { Finding } from '../../core/ports/examinable'
import type { Broker } from './address'
import { VhostRefused } from './answers'
import type { Line, Lines } from './lines'
import type { Management } from './management'
import { isThere } from './vhosts'

export interface Examination {
  readonly broker: Broker
  readonly management: Management | undefined
  readonly vhost: string
  readonly lines: Lines
  /** Where RabbitMQ says that it blocks publishers. */
  readonly publishing: Lines
  now(): number
  readonly signal: AbortSignal
}

/** Quorum queues came with 3.8, the bindings `all-with-x` and `any-with-x` of a headers exchange with 3.10. */
const OLDEST = [3, 8] as const
const WHOLE = [3, 10] as const
/** Milliseconds that two clocks may differ without harm. */
const SKEW = 5_000

export async function examine(examination: Examination): Promise<readonly Finding[]> {
  const { signal } = examination
  signal.throwIfAborted()
  const [byAmqp, byManagement] = await Promise.all([amqpFindings(examination), managementFindings(examination)])
  const cluster = clusterFinding(byAmqp.cluster, byManagement.cluster)
  return [...byAmqp.findings, ...byManagement.findings, ...(cluster === undefined ? [] : [cluster])]
}

interface Found {
  readonly findings: readonly Finding[]
  readonly cluster?: string | undefined
}

async function amqpFindings({ broker, vhost, lines, publishing, signal }: Examination): Promise<Found> {
  const { place, user } = broker
  let line: Line
  try {
    line = await lines.to(vhost, signal)
  } catch (error) {
    if (signal.aborted && error === signal.reason) throw error
    return { findings: refusal(error) }
  }
  const { version = 'unknown', cluster_name } = line.product
  const blocked = publishing.open().flatMap((one) => one.blocked() ?? [])
  return {
    findings: [
      {
        name: 'login',
        ok: true,
        message: `${place.server} at ${place.address} lets user ${JSON.stringify(user)} into vhost ${JSON.stringify(vhost)}.`,
      },
      versionFinding(version),
      ...blocked.map((reason) => ({
        name: 'publishing',
        ok: false,
        message: `RabbitMQ blocks publishers (${reason}).`,
        advice: 'Free memory or disk space at the server, or consume what fills it.',
      })),
    ],
    cluster: typeof cluster_name === 'string' ? cluster_name : undefined,
  }
}

function refusal(error: unknown): Finding[] {
  if (!(error instanceof PortError)) throw error
  const { code, message } = error
  if (error.cause instanceof VhostRefused) {
    return [{ name: 'vhost', ok: false, message, advice: 'Make the vhost and give the user rights in it, or set RABBITMQ_MANAGEMENT_URL.' }]
  }
  if (code === 'unauthorized') return [{ name: 'login', ok: false, message, advice: 'Correct the user name and password in AMQP_URL.' }]
  if (code === 'invalid') return [{ name: 'vhost', ok: false, message, advice: 'Leave the vhost out of AMQP_URL.' }]
  return [{ name: 'connection', ok: false, message, advice: 'Start the server, or correct host and port in AMQP_URL.' }]
}

function versionFinding(version: string): Finding {
  const is = version.split('.').map(Number)
  const before = ([major, minor]: readonly [number, number]) => (is[0] ?? 0) < major || (is[0] === major && (is[1] ?? 0) < minor)
  const message = `RabbitMQ ${version}.`
  if (before(OLDEST))
    return { name: 'version', ok: false, message, advice: `Update to ${WHOLE.join('.')} or newer: this one has no quorum queues.` }
  if (before(WHOLE)) {
    return {
      name: 'version',
      ok: true,
      message,
      advice: `From ${WHOLE.join('.')} on, a headers exchange also knows all-with-x and any-with-x.`,
    }
  }
  return { name: 'version', ok: true, message }
}

async function managementFindings({ management, vhost, now, signal }: Examination): Promise<Found> {
  if (management === undefined) {
    const message =
      'RABBITMQ_MANAGEMENT_URL is not set: bindings cannot be seen, vhosts not made, and TTL and dead letters set only when a queue is made.'
    return { findings: [{ name: 'management', ok: true, message, advice: 'Set RABBITMQ_MANAGEMENT_URL to http://host:15672.' }] }
  }
  const { place } = management.address
  try {
    const asked = now()
    const [overview, alarms, there] = await Promise.all([
      management.ask('GET', '/overview', undefined, signal),
      management.ask('GET', '/health/checks/alarms', undefined, signal),
      isThere(management, vhost, signal).catch((error: unknown) => {
        // That this user has no rights in it is what AMQP says.
        if (error instanceof PortError && error.code === 'unauthorized') return true
        throw error
      }),
    ])
    if (overview.status === 401 || overview.status === 403) return { findings: [notLetIn(place.address, management.address.user)] }
    const { cluster_name } = (overview.body ?? {}) as { readonly cluster_name?: unknown }
    return {
      findings: [
        { name: 'management', ok: true, message: `${place.server} answers at ${place.address}.` },
        ...(there ? [] : [vhostToCome(vhost, management.address.user)]),
        ...alarmFinding(alarms.status),
        ...clockFinding(overview.date, asked, now()),
      ],
      cluster: typeof cluster_name === 'string' ? cluster_name : undefined,
    }
  } catch (error) {
    if (signal.aborted && error === signal.reason) throw error
    if (!(error instanceof PortError)) throw error
    if (error.code === 'unauthorized') return { findings: [notLetIn(place.address, management.address.user)] }
    const advice = 'Correct RABBITMQ_MANAGEMENT_URL, or enable the plugin: rabbitmq-plugins enable rabbitmq_management.'
    return { findings: [{ name: 'management', ok: false, message: error.message, advice }] }
  }
}

function vhostToCome(vhost: string, user: string): Finding {
  const message = `Vhost ${JSON.stringify(vhost)} is not there yet; this node makes it, if user ${JSON.stringify(user)} is an administrator.`
  return { name: 'vhost', ok: true, message }
}

function notLetIn(address: string, user: string): Finding {
  return {
    name: 'management',
    ok: false,
    message: `The management API of RabbitMQ at ${address} does not let user ${JSON.stringify(user)} in.`,
    advice: 'Correct the credentials in RABBITMQ_MANAGEMENT_URL, or give the user the tag policymaker or administrator.',
  }
}

/** RabbitMQ answers 503 while an alarm stands; servers that are too old for the check answer 404. */
function alarmFinding(status: number): Finding[] {
  if (status === 200) return [{ name: 'alarms', ok: true, message: 'RabbitMQ has no alarm of memory or disk.' }]
  if (status !== 503) return []
  const advice = 'Free memory or disk space at the server, or consume what fills it.'
  return [{ name: 'alarms', ok: false, message: 'RabbitMQ has an alarm of memory or disk and takes no messages meanwhile.', advice }]
}

function clockFinding(date: string | undefined, asked: number, answered: number): Finding[] {
  const theirs = Date.parse(date ?? '')
  if (Number.isNaN(theirs)) return []
  // The header has whole seconds, and was written some time between question and answer.
  const behind = Math.max(0, asked - (theirs + 1_000), theirs - answered)
  if (behind <= SKEW) return [{ name: 'clock', ok: true, message: 'The clocks of RabbitMQ and of this computer agree.' }]
  const message = `The clocks of RabbitMQ and of this computer differ by ${Math.round(behind / 1_000)} seconds.`
  return [{ name: 'clock', ok: false, message, advice: 'Set both by the same time server.' }]
}

function clusterFinding(amqp: string | undefined, management: string | undefined): Finding | undefined {
  if (amqp === undefined || management === undefined) return undefined
  if (amqp === management)
    return { name: 'cluster', ok: true, message: `AMQP and the management API belong to one cluster, ${JSON.stringify(amqp)}.` }
  return {
    name: 'cluster',
    ok: false,
    message: `AMQP_URL leads to cluster ${JSON.stringify(amqp)}, RABBITMQ_MANAGEMENT_URL to ${JSON.stringify(management)}.`,
    advice: 'Correct one of the two, so that both lead to one cluster.',
  }
}
