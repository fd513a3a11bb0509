/** A node made of plain values and the API in front of it, for the tests beside this file. */
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { onTestFinished } from 'vitest'
import { type Api, type ApiOptions, startApi } from '../../../../src/main/api/server'
import { UserError } from '../../../../src/shared/errors'
import type { CallInput, CallName, CallOutput, NodeClient, Notice } from '../../../../src/shared/node-contract'
import type { BackendStatus, ComponentStatus, Status } from '../../../../src/shared/status'

export const token = 'a-token-of-more-than-16-characters'
export const sessionKey = new Uint8Array(32).fill(7)

type Answers = { [N in CallName]: (input: CallInput<N>, signal?: AbortSignal) => CallOutput<N> | Promise<CallOutput<N>> }

const at = '2026-11-24T08:00:00.000Z'
const id = '0190a5a0-0000-7000-8000-000000000000'

const component: ComponentStatus = {
  status: 'ok',
  generation: 'g1',
  at,
  duration_ms: 5,
  adapter: 'fs',
  mode: 'local',
  changes: 2,
  errors: [],
  needs_migration: [],
  last_apply: { at, changes: 2, generation: 'g1' },
}

const backend: BackendStatus = {
  mode: 'local',
  held: false,
  since: at,
  external: null,
  last_error: null,
  backlog: { items: 0, bytes: 0 },
  rate: 0,
  eta_s: null,
  conflicts: 0,
  kept_here: 0,
}

export const status: Status = {
  node_id: id,
  version: '0.1.0',
  role: 'leader',
  converged: true,
  since: at,
  generation: 'g',
  revision: 1,
  resources: 6,
  data_dir: '/data',
  started_at: at,
  pass: { number: 3, at, duration_ms: 12 },
  components: { storage: component, broker: component, index: component, services: component },
  backends: { storage: backend, bus: backend, index: backend },
  warnings: [],
}

const plan = {
  hash: 'h',
  generation: 'g',
  summary: { create: 0, update: 0, none: 0, needs_migration: 0, destroy: 0 },
  changes: [],
  errors: [],
}
const revision = { revision: 1, at, author: 'tester', generation: 'g', current: true }

/** One valid answer for each call of the contract. */
export const answers: { [N in CallName]: CallOutput<N> } = {
  status,
  setup: { done: true, data_dir: '/data', free_bytes: 1, plan: null },
  start: { apiVersion: 'thatdam/v1', kind: 'Cluster', cluster_id: id, node_id: id, role: 'leader', created_at: at },
  plan,
  apply: { converged: true, plan_hash: 'h', applied: 0, needs_migration: 0, errors: [], warnings: [] },
  profile: { revision: 1, generation: 'g', text: 'kind: EnvironmentProfile' },
  setProfile: revision,
  validateProfile: { valid: true, generation: 'g', errors: [] },
  history: [revision],
  rollback: { ...revision, revision: 2 },
  events: [
    {
      event_id: 'e1',
      node_id: id,
      component: 'storage',
      action: 'create',
      status: 'ok',
      generation: 'g',
      at,
      idempotency_key: 'k',
    },
  ],
  intents: [],
  doctor: { ok: true, checks: [{ name: 'disk', ok: true, message: 'Enough room.' }] },
  createToken: { name: 'program', token: 'thatdam_x', created_at: at },
  tokens: [{ name: 'program', created_at: at }],
  revokeToken: { name: 'program' },
  signInLink: { url: 'http://127.0.0.1:7717/sign-in?code=x' },
}

/** Input that each call accepts. */
export const inputs: { [N in CallName]: CallInput<N> } = {
  status: {},
  setup: {},
  start: {},
  plan: { profile: { text: 'kind: EnvironmentProfile', file: 'profile.yaml' } },
  apply: { author: 'tester' },
  profile: { revision: 1 },
  setProfile: { profile: { text: 'kind: EnvironmentProfile' } },
  validateProfile: { profile: { text: 'ключ: "–"' } },
  history: {},
  rollback: { revision: 1 },
  events: { limit: 5 },
  intents: { limit: 5 },
  doctor: {},
  createToken: { name: 'program' },
  tokens: {},
  revokeToken: { name: 'program' },
  signInLink: {},
}

export interface FakeNode extends NodeClient {
  /** Every call that arrived, with its input. */
  readonly seen: { name: CallName; input: unknown }[]
}

/** A node that answers with `answers`, but for the calls given here. Its notices are one status, then silence. */
export function fakeNode(overrides: Partial<Answers> = {}, notices: NodeClient['notices'] = oneStatus): FakeNode {
  const seen: FakeNode['seen'] = []
  return {
    seen,
    async call<N extends CallName>(name: N, input: CallInput<N>, signal?: AbortSignal): Promise<CallOutput<N>> {
      seen.push({ name, input })
      const override = overrides[name]
      return override === undefined ? answers[name] : override(input, signal)
    },
    notices,
  }
}

async function* oneStatus(signal: AbortSignal): AsyncGenerator<Notice> {
  yield { type: 'status', status }
  await aborted(signal)
}

export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

export type LogEntry = Parameters<ApiOptions['log']>[0]

/** An API on a free port, closed at the end of the test. */
export async function startTestApi(overrides: Partial<ApiOptions> = {}): Promise<Api & { readonly logged: LogEntry[] }> {
  const logged: LogEntry[] = []
  const api = await startApi({
    node: fakeNode(),
    version: '0.1.0',
    port: 0,
    token,
    sessionKey,
    pageDir: undefined,
    openapiFile: 'resources/openapi.json',
    metrics: () => 'thatdam_converged 1\n',
    data: async () => {
      throw new UserError('not-set-up', 'This data directory is not set up yet.')
    },
    programTokens: { recognises: () => undefined },
    log: (entry) => logged.push(entry),
    ...overrides,
  })
  onTestFinished(() => api.close())
  return { ...api, logged }
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  json(): unknown
}

export interface Ask {
  readonly method?: string
  readonly path?: string
  readonly headers?: Record<string, string>
  readonly body?: string
}

/** A request whose every header is the test's own, `Host` too, which `fetch` would set by itself. */
export function ask(api: Pick<Api, 'port'>, { method = 'GET', path = '/', headers = {}, body }: Ask): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port: api.port, method, path, headers, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8')
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json: () => JSON.parse(text) })
      })
    })
    request.on('error', reject)
    request.end(body)
  })
}

export const bearer = { authorization: `Bearer ${token}` }
export const json = { 'content-type': 'application/json' }

/** A call, as a program makes it. */
export const post = (name: CallName, body?: string, headers: Record<string, string> = json) => ({
  method: 'POST',
  path: `/api/v1/${name}`,
  headers: { ...bearer, ...headers },
  ...(body === undefined ? {} : { body }),
})

/** Sign in as a browser would; the `Cookie` header that it sends from then on. */
export async function signIn(api: Pick<Api, 'port' | 'signInUrl'>): Promise<{ cookie: string }> {
  const { pathname, search } = new URL(api.signInUrl())
  const answer = await ask(api, { path: pathname + search })
  const cookie = answer.headers['set-cookie']?.[0]?.split(';')[0]
  if (cookie === undefined) throw new Error(`no cookie in an answer of ${answer.status}`)
  return { cookie }
}
