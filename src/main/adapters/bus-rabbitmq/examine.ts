/** How the broker is, in findings with advice: what `thatdam doctor` and the page of a backend show. */
import { PortError } from '../../../shared/errors'
import type { Finding } from '../../core/ports/examinable'
import { type Place, troubleOf } from '../net/trouble'
import type { Broker } from './address'
import { VhostRefused } from './answers'
import { type ManagementExamination, managementFindings, managementTrouble } from './examine-management'
import type { Line } from './line'
import type { Lines } from './lines'

interface Examination extends ManagementExamination {
  readonly broker: Broker
  readonly lines: Lines
  /** Where RabbitMQ says that it blocks publishers. */
  readonly publishing: Lines
}

/** Quorum queues came with 3.8, the bindings `all-with-x` and `any-with-x` of a headers exchange with 3.10. */
const OLDEST = [3, 8] as const
const WHOLE = [3, 10] as const

export async function examine(examination: Examination): Promise<readonly Finding[]> {
  const { signal } = examination
  signal.throwIfAborted()
  const [byAmqp, byManagement] = await Promise.all([amqpFindings(examination), managementFindings(examination)])
  const cluster = clusterFinding(byAmqp.cluster, byManagement.cluster)
  const { address, trouble } = byManagement
  return [
    ...byAmqp.findings,
    ...byManagement.findings,
    ...(trouble === undefined ? [] : [managementTrouble(trouble, address, byAmqp.reached)]),
    ...(cluster === undefined ? [] : [cluster]),
  ]
}

interface Found {
  readonly findings: readonly Finding[]
  /** Whether a RabbitMQ answers, also where it refuses. */
  readonly reached: boolean
  readonly cluster?: string | undefined
}

async function amqpFindings({ broker, vhost, lines, publishing, signal }: Examination): Promise<Found> {
  const { place, user } = broker
  let line: Line
  try {
    line = await lines.to(vhost, signal)
    // Only what it said as it opened is told below.
    line.release()
  } catch (error) {
    if (signal.aborted && error === signal.reason) throw error
    return refusal(error, place)
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
    reached: true,
    cluster: typeof cluster_name === 'string' ? cluster_name : undefined,
  }
}

function refusal(error: unknown, place: Place): Found {
  if (!(error instanceof PortError)) throw error
  const { code, message } = error
  const found = (name: string, advice: string, reached = true): Found => ({ findings: [{ name, ok: false, message, advice }], reached })
  if (error.cause instanceof VhostRefused) {
    return found('vhost', 'Make the vhost and give the user rights in it, or set RABBITMQ_MANAGEMENT_URL.')
  }
  if (code === 'unauthorized') return found('login', 'Correct the user name and password in AMQP_URL.')
  if (code === 'invalid') return found('vhost', 'Leave the vhost out of AMQP_URL.')
  const trouble = troubleOf(error, place)
  if (trouble === undefined) return found('connection', 'Start the server, or correct host and port in AMQP_URL.', false)
  return found('connection', `${trouble.advice} Its address is set in AMQP_URL.`, false)
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
