import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { errorBodySchema, UserError } from '../../../../src/shared/errors'
import { doctorSchema, nodeContract, profileTextSchema, revisionSchema, validationSchema } from '../../../../src/shared/node-contract'
import { type ApplyResult, applyResultSchema, planOf, planSchema } from '../../../../src/shared/plan'
import { statusSchema } from '../../../../src/shared/status'
import { fakeHost, fakeNode, run, temporaryDirectory } from './fakes'
import { change, componentStatus, nodeStatus, plan } from './samples'

const migration = change({ component: 'index', kind: 'class', name: 'Segment', action: 'needs-migration' })
const nothing: ApplyResult = { converged: true, plan_hash: 'h', applied: 0, needs_migration: 0, errors: [], warnings: [] }
const failure: ApplyResult['errors'][number] = { component: 'storage', code: 'unavailable', message: 'disk is away' }
const text = 'apiVersion: thatdam/v1\nkind: EnvironmentProfile\nmetadata: { name: x }\nspec: {}\n'
const revision = { revision: 2, at: '2026-11-24T05:12:03.000Z', author: 'ada', generation: 'd'.repeat(64), current: true }

let directory: ReturnType<typeof temporaryDirectory>
beforeEach(() => {
  directory = temporaryDirectory()
  writeFileSync(join(directory.path, 'profile.yaml'), text)
})
afterEach(() => directory.remove())

const away = { component: 'index', code: 'unavailable', message: 'Weaviate is away' } as const

describe('plan', () => {
  it.each([
    ['0 with nothing to do', 0, plan(change({ action: 'none' }))],
    ['2 with changes', 2, plan(change(), migration)],
    ['2 with an update', 2, plan(change({ action: 'update' }))],
    ['3 with only migrations', 3, plan(migration, change({ action: 'none' }))],
    ['1 where something could not be looked at', 1, planOf('a'.repeat(64), [change()], [away])],
  ])('exits %s', async (_, status, answer) => {
    const host = fakeHost({ node: fakeNode({ plan: () => answer }) })
    const ran = await run(['plan', '--json'], host)
    expect(ran.status).toBe(status)
    expect(planSchema.strict().parse(ran.json())).toEqual(answer)
    expect(host.open()).toBe(0)
    expect((await run(['plan'], host)).status).toBe(status)
  })

  it('sends the file with its name, found from the current directory', async () => {
    const node = fakeNode({ plan: () => plan() })
    await run(['plan', '-f', 'profile.yaml'], fakeHost({ node }), { cwd: directory.path })
    expect(node.calls).toEqual([{ name: 'plan', input: { profile: { text, file: 'profile.yaml' }, allow_destructive: false } }])
  })

  it('reads standard input for -', async () => {
    const node = fakeNode({ plan: () => plan() })
    await run(['plan', '-f', '-'], fakeHost({ node }), { input: text })
    expect(node.calls).toEqual([{ name: 'plan', input: { profile: { text, file: '<stdin>' }, allow_destructive: false } }])
  })

  it('tells each error of a profile with file, line and column', async () => {
    const details = [
      { path: 'spec.storage.bucket', line: 5, column: 3, message: 'unknown key "bucket"', hint: 'did you mean "buckets"?' },
      { path: 'spec.broker', line: 9, column: 1, message: 'must be a mapping' },
    ]
    const node = fakeNode({
      plan() {
        throw new UserError('invalid-profile', 'The profile has 2 errors.', { details })
      },
    })
    const host = fakeHost({ node })
    const ran = await run(['plan', '-f', 'profile.yaml'], host, { cwd: directory.path })
    expect(ran).toMatchObject({ status: 1, out: '' })
    expect(ran.err).toBe(
      'error: The profile has 2 errors.\nprofile.yaml:5:3 unknown key "bucket"\n  did you mean "buckets"?\nprofile.yaml:9:1 must be a mapping\n',
    )
    const json = await run(['plan', '-f', 'profile.yaml', '--json'], host, { cwd: directory.path })
    expect(json.json()).toEqual({ error: { code: 'invalid-profile', message: 'The profile has 2 errors.', details } })
  })

  it.each([
    ['that is missing', 'absent.yaml', 'There is no file absent.yaml.'],
    ['that is a directory', 'folder', 'folder is a directory'],
    ['that is not text', 'binary', 'binary is not UTF-8 text'],
    ['that is too large', 'large', 'large is larger than 4 MiB'],
  ])('refuses a file %s, before anything is opened', async (_, file, sentence) => {
    mkdirSync(join(directory.path, 'folder'))
    writeFileSync(join(directory.path, 'binary'), Buffer.from([0x61, 0xff, 0xfe]))
    writeFileSync(join(directory.path, 'large'), Buffer.alloc(4 * 1024 * 1024 + 1, 0x20))
    const node = fakeNode({})
    const ran = await run(['plan', '-f', file], fakeHost({ node }), { cwd: directory.path })
    expect(ran).toMatchObject({ status: 1, out: '', err: expect.stringContaining(sentence) })
    expect(node.calls).toEqual([])
  })
})

describe('apply', () => {
  it.each([
    ['0 when converged', 0, { ...nothing, applied: 3 }],
    ['3 with migrations left', 3, { ...nothing, needs_migration: 1 }],
    ['1 with an error', 1, { ...nothing, converged: false, errors: [failure] }],
    ['1 with an error and migrations left', 1, { ...nothing, converged: false, needs_migration: 1, errors: [failure] }],
    ['1 when not converged', 1, { ...nothing, converged: false }],
  ])('exits %s', async (_, status, answer) => {
    const host = fakeHost({ node: fakeNode({ plan: () => plan(), apply: () => answer }) })
    const ran = await run(['apply', '--json'], host)
    expect(ran.status).toBe(status)
    expect(applyResultSchema.strict().parse(ran.json())).toEqual(answer)
    expect((await run(['apply'], host)).status).toBe(status)
    expect(host.open()).toBe(0)
  })

  it('says "applied": 0 in JSON when there was nothing to do', async () => {
    expect((await run(['apply', '--json'], fakeHost({ node: fakeNode({ apply: () => nothing }) }))).out).toContain('"applied": 0')
  })

  it('names the author of a profile that becomes the current revision', async () => {
    const node = fakeNode({ apply: () => nothing })
    await run(['apply', '--json', '-f', 'profile.yaml'], fakeHost({ node }), { cwd: directory.path, user: 'ada' })
    expect(node.calls).toEqual([{ name: 'apply', input: { profile: { text, file: 'profile.yaml' }, author: 'ada' } }])
  })
})

describe('apply with an acknowledged plan', () => {
  const loses = { count: 2, bytes: 9 }
  const held = (name: string) => change({ name, action: 'destroy', before: { name }, loses, reason: 'it holds 2 objects' })
  const destructive = plan(
    held('aaa'),
    held('bbb'),
    change({ name: 'empty', action: 'destroy', before: {}, loses: { count: 0, bytes: 0 } }),
  )
  const args = ['apply', '--acknowledge', destructive.hash]
  const atTerminal = { interactive: true, env: { NO_COLOR: '1' } }
  const asked = () => fakeNode({ plan: () => destructive, apply: () => nothing })

  it('asks at a terminal for the name of each that is not empty and was not named yet', async () => {
    const node = asked()
    const ran = await run([...args, '--confirm', 'aaa'], fakeHost({ node }), { ...atTerminal, input: 'bbb\n' })
    expect(ran).toMatchObject({ status: 0, err: 'bucket bbb: it holds 2 objects.\nType its name if it may go: ' })
    expect(node.calls.at(-1)).toEqual({
      name: 'apply',
      input: { author: 'ada', acknowledge: destructive.hash, confirm: ['aaa', 'bbb'] },
    })
  })

  it('asks for no name where the plan cannot be seen whole, since the node refuses it', async () => {
    const node = fakeNode({ plan: () => ({ ...destructive, errors: [away] }), apply: () => nothing })
    expect(await run(args, fakeHost({ node }), { ...atTerminal, input: 'aaa\nbbb\n' })).toMatchObject({ err: '' })
    expect(node.calls.at(-1)).toEqual({ name: 'apply', input: { author: 'ada', acknowledge: destructive.hash, confirm: [] } })
  })

  it.each([
    ['another name', 'aaa\r\nbb\n'],
    ['nothing', 'aaa\n'],
  ])('changes nothing when the answer is %s', async (_, input) => {
    const node = asked()
    const ran = await run(args, fakeHost({ node }), { ...atTerminal, input })
    expect(ran.status).toBe(1)
    expect(ran.err).toContain('That is not the name of bucket bbb. Nothing was changed.')
    expect(node.calls.map(({ name }) => name)).toEqual(['plan'])
  })

  it.each([
    ['no person is there', args, { input: 'aaa\nbbb\n' }],
    ['JSON is wanted', [...args, '--json'], { ...atTerminal, input: 'aaa\nbbb\n' }],
    ['the profile came from standard input', [...args, '-f', '-'], { ...atTerminal, input: text }],
    ['the plan is another', ['apply', '--acknowledge', '0'.repeat(64)], { ...atTerminal, input: 'aaa\nbbb\n' }],
  ])('asks nothing where %s: the node judges', async (_, given, options) => {
    const node = fakeNode({
      plan: () => destructive,
      apply() {
        throw new UserError('confirmation-needed', 'Not empty.', { details: [{ path: 'aaa', message: 'bucket aaa: it holds 2 objects' }] })
      },
    })
    const ran = await run(given, fakeHost({ node }), options)
    expect(ran.status).toBe(1)
    expect(`${ran.out}${ran.err}`).toContain('bucket aaa: it holds 2 objects')
    expect(node.calls.at(-1)?.input).toMatchObject({ confirm: [] })
  })
})

describe('status', () => {
  const left = { index: componentStatus({ status: 'needs-migration', needs_migration: [{ name: 'a', reason: 'b' }] }) } as const
  it.each([
    ['0 when converged', 0, nodeStatus()],
    ['3 with migrations left', 3, nodeStatus({ components: left })],
    ['1 when not converged', 1, nodeStatus({ converged: false, components: left })],
  ])('exits %s', async (_, status, answer) => {
    const host = fakeHost({ node: fakeNode({ status: () => answer }), running: true })
    const ran = await run(['status', '--json'], host)
    expect(ran.status).toBe(status)
    expect(statusSchema.strict().parse(ran.json())).toEqual(answer)
    expect((await run(['status'], host)).status).toBe(status)
  })

  it('exits 1 and says how to start when no node runs', async () => {
    const ran = await run(['status', '--json'])
    expect(ran.status).toBe(1)
    expect(ran.json()).toMatchObject({ error: { code: 'not-running', hint: expect.stringContaining('thatdam up') } })
    expect((await run(['status'])).err).toMatch(/^error: No node runs on/)
  })
})

describe('profile', () => {
  it('show prints the text as it was written, and all of it in JSON', async () => {
    const answer = { revision: 1, generation: 'g', text: 'a: 1' }
    const host = fakeHost({ node: fakeNode({ profile: () => answer }) })
    expect(await run(['profile', 'show'], host)).toMatchObject({ status: 0, out: 'a: 1\n' })
    expect(profileTextSchema.strict().parse((await run(['profile', 'show', '--json'], host)).json())).toEqual(answer)
  })

  it('set sends the file and answers with the revision', async () => {
    const node = fakeNode({ setProfile: () => revision })
    const ran = await run(['profile', 'set', 'profile.yaml', '--json'], fakeHost({ node }), { cwd: directory.path })
    expect(ran.status).toBe(0)
    expect(revisionSchema.strict().parse(ran.json())).toEqual(revision)
    expect(node.calls).toEqual([{ name: 'setProfile', input: { profile: { text, file: 'profile.yaml' }, author: 'ada' } }])
  })

  it('set says who brings the environment to the new revision', async () => {
    const node = fakeNode({ setProfile: () => revision })
    const said = async (running: boolean) =>
      (await run(['profile', 'set', 'profile.yaml'], fakeHost({ node, running }), { cwd: directory.path })).out
    expect(await said(true)).toContain('Revision 2 is now current, generation dddddddddddd.\nThe node that runs here converges to it.')
    expect(await said(false)).toContain('`thatdam apply` brings the environment to it.')
  })

  it('rollback names the revision and answers with the new one', async () => {
    const node = fakeNode({ rollback: () => revision })
    const ran = await run(['profile', 'rollback', '1', '--json'], fakeHost({ node }))
    expect(revisionSchema.strict().parse(ran.json())).toEqual(revision)
    expect(node.calls).toEqual([{ name: 'rollback', input: { revision: 1, author: 'ada' } }])
  })

  it('history is a table, and the list of the contract in JSON', async () => {
    const answer = [revision, { ...revision, revision: 1, author: 'built-in', current: false }]
    const host = fakeHost({ node: fakeNode({ history: () => answer }) })
    const { out, status } = await run(['profile', 'history'], host)
    expect(status).toBe(0)
    expect(out.split('\n').map((line) => line.replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/, 'AT'))).toEqual([
      '   REVISION  AT                   AUTHOR    GENERATION',
      '*  2         AT  ada       dddddddddddd',
      '   1         AT  built-in  dddddddddddd',
      '',
    ])
    expect(nodeContract.history.output.parse((await run(['profile', 'history', '--json'], host)).json())).toEqual(answer)
  })

  it('validate accepts a good file without a data directory or a node', async () => {
    const host = fakeHost({ parts: { loadConfig: () => Promise.reject(new TypeError('no configuration is needed')) } })
    const ran = await run(['profile', 'validate', 'profile.yaml', '--json'], host, { cwd: directory.path })
    expect(ran.status).toBe(0)
    expect(validationSchema.strict().parse(ran.json())).toMatchObject({ valid: true, generation: expect.stringMatching(/^[0-9a-f]{64}$/) })
    expect((await run(['profile', 'validate', '-'], host, { input: text })).out).toMatch(
      /^<stdin> is a valid profile, generation [0-9a-f]{12}\.\n$/,
    )
  })

  it('validate exits 1 and tells each error with its place', async () => {
    const bad = text.replace('spec: {}', 'spec:\n  storag: {}')
    const ran = await run(['profile', 'validate', '-', '--json'], fakeHost(), { input: bad })
    expect(ran.status).toBe(1)
    const { valid, errors } = validationSchema.strict().parse(ran.json())
    expect({ valid, places: errors.map(({ line, column }) => [line, column]) }).toEqual({ valid: false, places: [[5, 3]] })
    const shown = await run(['profile', 'validate', '-'], fakeHost(), { input: bad })
    expect(shown).toMatchObject({ status: 1, err: '' })
    expect(shown.out).toMatch(/^<stdin>:5:3 .*storag/)
    expect(shown.out).toMatch(/<stdin>: 1 error\.\n$/)
  })
})

describe('doctor', () => {
  const well = { ok: true, checks: [{ name: 'storage', ok: true, message: 'can be written' }] }
  const ill = { ok: false, checks: [...well.checks, { name: 'disk', ok: false, message: '1 MB free', advice: 'Free some space.' }] }

  it.each([
    [0, well],
    [1, ill],
  ])('exits %i by what it found', async (status, answer) => {
    const ran = await run(['doctor', '--json'], fakeHost({ node: fakeNode({ doctor: () => answer }) }))
    expect(ran.status).toBe(status)
    expect(doctorSchema.strict().parse(ran.json())).toEqual(answer)
  })

  it('shows a check list with advice', async () => {
    const { out } = await run(['doctor'], fakeHost({ node: fakeNode({ doctor: () => ill }) }))
    expect(out).toBe('ok    storage: can be written\nfail  disk: 1 MB free\n      Free some space.\n\n1 check failed.\n')
  })

  it('reports what keeps the data directory from being opened as a finding', async () => {
    const damaged = new UserError('damaged-data', 'node.db is damaged.', { hint: 'Restore it.' })
    const ran = await run(['doctor', '--json'], fakeHost({ parts: { attach: () => Promise.reject(damaged) } }))
    expect(ran.status).toBe(1)
    expect(doctorSchema.strict().parse(ran.json())).toEqual({
      ok: false,
      checks: [{ name: 'damaged-data', ok: false, message: 'node.db is damaged.', advice: 'Restore it.' }],
    })
  })

  it('reports a malformed variable as a finding, and a mistake of the program as an error', async () => {
    const ran = await run(['doctor', '--json'], fakeHost(), { env: { THATDAM_PORT: 'http' } })
    expect(ran).toMatchObject({ status: 1 })
    expect(ran.json()).toMatchObject({ ok: false, checks: [{ message: expect.stringContaining('THATDAM_PORT') }] })
    const broken = await run(['doctor', '--json'], fakeHost({ parts: { attach: () => Promise.reject(new TypeError('oops')) } }))
    expect(errorBodySchema.parse((broken.json() as { error: unknown }).error).code).toBe('internal')
  })
})

describe('backends', () => {
  const { backends } = nodeStatus()
  const served = { ...backends, storage: { ...backends.storage, mode: 'forward' as const, external: 'http://minio:9000' } }
  const away = {
    ...served,
    storage: { ...served.storage, mode: 'degraded' as const, last_error: 'MinIO at http://minio:9000 did not answer in time.' },
  }

  it.each([
    ['0 with everything here', 0, backends],
    ['0 with a server in reach', 0, served],
    ['1 with one that is away', 1, away],
  ])('exits %s', async (_, status, answer) => {
    const host = fakeHost({ running: true, node: fakeNode({ status: () => nodeStatus({ backends: answer }) }) })
    const ran = await run(['backends', '--json'], host)
    expect(ran.status).toBe(status)
    expect(statusSchema.shape.backends.parse(ran.json())).toEqual(answer)
    expect(host.open()).toBe(0)
  })

  it('tells of each port who serves it, where, and what is wrong', async () => {
    const { out } = await run(['backends'], fakeHost({ running: true, node: fakeNode({ status: () => nodeStatus({ backends: away }) }) }))
    expect(out).toMatch(
      /^storage +out of reach +http:\/\/minio:9000 +since .*\n {2}error MinIO at http:\/\/minio:9000 did not answer in time\.\n/,
    )
    expect(out).toMatch(/\nbus +served by this computer +since /)
  })

  it('says of a server that was not looked at yet just that', async () => {
    const unknown = { ...away, storage: { ...away.storage, last_error: null } }
    const node = fakeNode({ status: () => nodeStatus({ backends: unknown }) })
    expect((await run(['backends'], fakeHost({ running: true, node }))).out).toMatch(/^storage +not looked at yet +http/)
  })

  it('retry looks at everything anew first', async () => {
    const node = fakeNode({ apply: () => nothing, status: () => nodeStatus({ backends: served }) })
    expect((await run(['backends', 'retry'], fakeHost({ running: true, node }))).status).toBe(0)
    expect(node.calls.map(({ name }) => name)).toEqual(['apply', 'status'])
  })
})

it('apply brings about what can be looked at, shows it, and says what it could not', async () => {
  const planned = planOf('a'.repeat(64), [change({ component: 'broker', kind: 'queue', name: 'ingest' })], [failure])
  const node = fakeNode({
    plan: () => planned,
    apply: () => ({ ...nothing, plan_hash: planned.hash, converged: false, applied: 1, errors: [failure] }),
  })
  const ran = await run(['apply'], fakeHost({ node }))
  expect(ran).toMatchObject({ status: 1, out: expect.stringContaining('failed storage: disk is away (unavailable)') })
  expect(ran.out).toContain('+ queue  ingest')
  expect(ran.out).toContain('Applied 1 change, 1 error: not converged.')
})
