/** Starting, stopping, setting up, and who may have a data directory. */
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { clusterSchema } from '../../src/shared/cluster'
import { statusSchema } from '../../src/shared/status'
import { tempDir } from '../support/temp'
import { thatdam, up } from '../support/thatdam'

describe('thatdam up', () => {
  it('sets a new directory up as a solo leader, converges, and can be found', async () => {
    const data = join(tempDir(), 'data')
    const node = await up(data)
    await node.converged()
    const cluster = clusterSchema.parse(JSON.parse(readFileSync(join(data, 'cluster.json'), 'utf8')))
    expect(cluster.role).toBe('leader')
    expect(statSync(join(data, 'cluster.json')).mode & 0o777).toBe(0o600)
    expect(statSync(join(data, 'node.json')).mode & 0o777).toBe(0o600)
    expect(node.nodeFile.pid).toBe(node.pid)
    expect((await fetch(`${node.url}/health`)).status).toBe(200)

    const status = await thatdam(['status', '--data', data, '--json'])
    expect(status.status).toBe(0)
    expect(statusSchema.parse(JSON.parse(status.stdout))).toMatchObject({ node_id: cluster.node_id, role: 'leader', converged: true })
    const surface = await fetch(`${node.url}/internal/bootstrap/status`, { headers: { authorization: `Bearer ${node.nodeFile.token}` } })
    expect(statusSchema.parse(await surface.json()).components.storage.last_apply?.changes).toBeGreaterThan(0)
  })

  it('stops on SIGTERM with status 0 and leaves neither address nor lock behind', async () => {
    const data = join(tempDir(), 'data')
    const node = await up(data)
    node.signal('SIGTERM')
    expect(await node.exited()).toBe(0)
    expect([existsSync(join(data, 'node.json')), existsSync(join(data, 'node.lock.pid'))]).toEqual([false, false])
    expect((await thatdam(['status', '--data', data])).status).toBe(1)
    const again = await up(data)
    await again.converged()
  })

  it('keeps its identity from one start to the next', async () => {
    const data = join(tempDir(), 'data')
    const first = await up(data)
    await first.converged()
    const { node_id } = await first.client.call('status', {})
    first.signal('SIGKILL')
    await first.exited()
    const second = await up(data)
    await second.converged()
    expect((await second.client.call('status', {})).node_id).toBe(node_id)
  })
})

describe('a second process on the same directory', () => {
  it('is refused with a sentence that names the first one’s pid and address', async () => {
    const data = join(tempDir(), 'data')
    const node = await up(data)
    const second = await thatdam(['up', '--data', data, '--port', '0'])
    expect(second.status).toBe(1)
    expect(second.stderr).toContain(`Process ${node.pid} already works on ${data}, at ${node.url}.`)
    expect(second.stderr).toContain('/sign-in?code=')
    expect(second.stderr).not.toMatch(/^\s+at /m)
  })

  it('may come as soon as the first was killed', async () => {
    const data = join(tempDir(), 'data')
    const node = await up(data)
    node.signal('SIGKILL')
    await node.exited()
    await (await up(data)).converged()
  })
})

describe('looks at the same time', () => {
  it('do not refuse one another', async () => {
    const data = join(tempDir(), 'data')
    expect((await thatdam(['apply', '--data', data])).status).toBe(0)
    const plans = await Promise.all([1, 2, 3].map(() => thatdam(['plan', '--data', data])))
    expect(plans.map(({ status, stderr }) => [status, stderr])).toEqual([1, 2, 3].map(() => [0, '']))
  })
})

describe('a node that was killed', () => {
  it('is not mistaken for the one that took its port', async () => {
    const data = join(tempDir(), 'data')
    const killed = await up(data)
    const port = new URL(killed.url).port
    killed.signal('SIGKILL')
    await killed.exited()
    await up(join(tempDir(), 'other'), ['--port', port])
    const status = await thatdam(['status', '--data', data])
    expect(status.status).toBe(1)
    expect(status.stderr).toContain(`No node runs on ${data}.`)
  })
})

describe('a port', () => {
  it('that is in use is named, and a new directory stays without data', async () => {
    const data = join(tempDir(), 'data')
    const other = await up(join(tempDir(), 'other'))
    const port = new URL(other.url).port
    const run = await thatdam(['up', '--data', data, '--port', port])
    expect(run.status).toBe(1)
    expect(run.stderr).toContain(port)
    expect(run.stderr).toMatch(/--port/)
    expect(existsSync(join(data, 'cluster.json'))).toBe(false)
  })
})

describe('--setup', () => {
  it('writes nothing before a person says start, and converges afterwards', async () => {
    const parent = tempDir()
    const data = join(parent, 'data')
    const node = await up(data, ['--setup'])
    const { headers } = await signIn(node.signInUrl)
    const call = (name: string) =>
      fetch(`${node.url}/api/v1/${name}`, {
        method: 'POST',
        headers: { ...headers, origin: node.url, 'content-type': 'application/json' },
        body: '{}',
      })

    const setup = await (await call('setup')).json()
    expect(setup).toMatchObject({ done: false, data_dir: data })
    expect(setup.plan.summary.create).toBeGreaterThan(0)
    expect((await (await call('status')).json()).role).toBe('none')
    expect((await (await call('apply')).json()).code).toBe('not-set-up')
    expect(existsSync(data)).toBe(false)

    const start = await call('start')
    expect(start.status).toBe(200)
    expect(await (await call('status')).json()).toMatchObject({ role: 'leader', converged: true })
    expect(existsSync(join(data, 'node.json'))).toBe(true)
    expect((await thatdam(['status', '--data', data])).status).toBe(0)
  })

  it('starts at once where the directory is set up already', async () => {
    const data = join(tempDir(), 'data')
    await thatdam(['apply', '--data', data])
    const node = await up(data, ['--setup'])
    await node.converged()
  })
})

/** Sign in as a browser does: open the link once, keep the cookie. */
async function signIn(url: string): Promise<{ headers: Record<string, string> }> {
  const answer = await fetch(url, { redirect: 'manual' })
  const cookie = answer.headers.getSetCookie().map((one) => one.split(';')[0])
  expect(cookie).toHaveLength(1)
  return { headers: { cookie: cookie.join('; ') } }
}
