/** How the management API is, in findings with advice. */
import { PortError } from '../../../shared/errors'
import type { Finding } from '../../core/ports/examinable'
import { capitalized, nothingListens, troubleOf } from '../net/trouble'
import type { ManagementAddress } from './address'
import type { Management } from './management'
import { type Answer, notAllowed, reasonOf, refusedBy } from './management-refusal'
import { isThere } from './vhosts'

/** Milliseconds that two clocks may differ without harm. */
const SKEW = 5_000

export interface ManagementExamination {
  readonly management: Management | undefined
  readonly vhost: string
  now(): number
  readonly signal: AbortSignal
}

interface Found {
  readonly findings: readonly Finding[]
  readonly address?: ManagementAddress
  /** Why it does not answer. What to do about it depends on whether the broker does: see `managementTrouble`. */
  readonly trouble?: PortError
  readonly cluster?: string | undefined
}

export async function managementFindings({ management, vhost, now, signal }: ManagementExamination): Promise<Found> {
  if (management === undefined) {
    const message =
      'RABBITMQ_MANAGEMENT_URL is not set: bindings and policies cannot be seen, vhosts not made, and TTL and dead letters set only when a queue is made.'
    return { findings: [{ name: 'management', ok: true, message, advice: 'Set RABBITMQ_MANAGEMENT_URL to http://host:15672.' }] }
  }
  const { address } = management
  const { place, user } = address
  const ask = (path: string) => management.ask('GET', path, undefined, signal)
  try {
    const asked = now()
    const [overview, alarms, whoami, there] = await Promise.all([
      ask('/overview'),
      ask('/health/checks/alarms'),
      ask('/whoami'),
      isThere(management, vhost, signal).catch((error: unknown) => {
        // That this user has no rights in it is what AMQP says.
        if (error instanceof PortError && error.code === 'unauthorized') return true
        throw error
      }),
    ])
    if (overview.status === 401 || overview.status === 403) return { findings: [notLetIn(address, overview)] }
    if (overview.status !== 200) throw refusedBy(address, overview, '/overview')
    const { cluster_name } = (overview.body ?? {}) as { readonly cluster_name?: unknown }
    return {
      findings: [
        { name: 'management', ok: true, message: `${capitalized(place.server)} answers at ${place.address}.` },
        ...(there ? [] : [vhostToCome(vhost, user)]),
        ...rightsFinding(whoami, user),
        ...alarmFinding(alarms.status),
        ...clockFinding(overview.date, asked, now()),
      ],
      cluster: typeof cluster_name === 'string' ? cluster_name : undefined,
    }
  } catch (error) {
    if (signal.aborted && error === signal.reason) throw error
    if (!(error instanceof PortError)) throw error
    return { findings: [], address, trouble: error }
  }
}

/** It does not answer, or something else does. `brokerAnswers`: the plugin alone may be off then. */
export function managementTrouble(error: PortError, address: ManagementAddress | undefined, brokerAnswers: boolean): Finding {
  return { name: 'management', ok: false, message: error.message, advice: adviceOn(error, address, brokerAnswers) }
}

function adviceOn(error: PortError, address: ManagementAddress | undefined, brokerAnswers: boolean): string {
  const trouble = address === undefined ? undefined : troubleOf(error, address.place)
  if (trouble === undefined) return 'Correct RABBITMQ_MANAGEMENT_URL, or look at the log of the server.'
  if (!nothingListens(error)) return `${trouble.advice} Its address is set in RABBITMQ_MANAGEMENT_URL.`
  if (!brokerAnswers) return 'Start RabbitMQ, or correct AMQP_URL and RABBITMQ_MANAGEMENT_URL.'
  return 'Enable the plugin (rabbitmq-plugins enable rabbitmq_management), or correct RABBITMQ_MANAGEMENT_URL.'
}

function vhostToCome(vhost: string, user: string): Finding {
  const message = `Vhost ${JSON.stringify(vhost)} is not there yet; this node makes it, if user ${JSON.stringify(user)} is an administrator.`
  return { name: 'vhost', ok: true, message }
}

function notLetIn(address: ManagementAddress, { body }: Answer): Finding {
  const { what, next } = notAllowed(address, reasonOf(body))
  return { name: 'management', ok: false, message: `${what}.`, advice: `${capitalized(next)}.` }
}

/** What somebody may see of other vhosts, and whether he may set policies, is a matter of tags. Old servers write them as one text. */
function rightsFinding({ status, body }: Answer, user: string): Finding[] {
  const { tags } = (body ?? {}) as { readonly tags?: unknown }
  if (status !== 200 || tags === undefined) return []
  const has = (Array.isArray(tags) ? tags.map(String) : String(tags).split(',')).filter((tag) => tag !== '')
  if (has.some((tag) => tag === 'policymaker' || tag === 'administrator')) return []
  const sees = has.includes('monitoring') ? 'look at every vhost' : 'look at the vhosts in which it has rights'
  const tagged = has.length === 0 ? 'no tags' : `the ${has.length === 1 ? 'tag' : 'tags'} ${has.join(', ')}`
  const message = `User ${JSON.stringify(user)} may ${sees}, and may not set TTL and dead letters of queues: it has ${tagged}.`
  return [{ name: 'rights', ok: false, message, advice: `Give it the tag policymaker as well (rabbitmqctl set_user_tags).` }]
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
