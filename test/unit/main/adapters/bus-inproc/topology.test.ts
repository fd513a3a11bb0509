import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { migrations } from '../../../../../src/main/adapters/bus-inproc/schema'
import { openTopology } from '../../../../../src/main/adapters/bus-inproc/topology'
import { type Database, openDatabase } from '../../../../../src/main/adapters/sqlite/database'
import { byHand, temporaryDirectory } from './workbench'

describe('openTopology', () => {
  let directory: ReturnType<typeof temporaryDirectory>
  let db: Database
  beforeEach(() => {
    directory = temporaryDirectory()
    db = openDatabase(join(directory.path, 'bus.db'), migrations)
  })
  afterEach(() => {
    db.close()
    directory.remove()
  })

  it('extends the routes by what it ensures, without reading them again', () => {
    const topology = openTopology(db)
    const routes = topology.routes()
    topology.ensureExchange('/', { name: 'x', type: 'direct' })
    topology.ensureQueue('/', { name: 'q', type: 'classic' })
    topology.ensureBinding('/', { exchange: 'x', queue: 'q', key: 'a' })
    topology.ensureQueuePolicy('/', 'q', { ttl: 5, dlx: 'x' })
    expect(topology.routes()).toBe(routes)
    expect(routes.route('/', 'x', 'a', {})).toMatchObject([{ name: 'q', policy: { ttl: 5, dlx: 'x' } }])
  })

  it('reads the routes again once another connection has written', () => {
    const topology = openTopology(db)
    topology.ensureQueue('/', { name: 'q', type: 'classic' })
    byHand(directory.path, "INSERT INTO queues (vhost, name, type) VALUES ('/', 'theirs', 'classic')")
    expect(topology.routes().queue('/', 'theirs')).toBeDefined()
    expect(topology.routes().queue('/', 'q')).toBeDefined()
    byHand(directory.path, 'DELETE FROM queues')
    expect(topology.routes().queue('/', 'q')).toBeUndefined()
  })

  it('forgets what a failed commit has undone', () => {
    const topology = openTopology(db)
    const failing = db.transaction(() => {
      topology.ensureQueue('/', { name: 'q', type: 'classic' })
      throw new Error('no commit')
    })
    expect(failing).toThrow('no commit')
    topology.forget()
    expect(topology.routes().queue('/', 'q')).toBeUndefined()
  })

  it('never confuses two pairs of vhost and name that read the same in a row', () => {
    const topology = openTopology(db)
    const routes = topology.routes()
    topology.ensureQueue('a', { name: 'bc', type: 'classic' })
    topology.ensureQueue('1:a', { name: 'b', type: 'classic' })
    expect(routes.queue('ab', 'c')).toBeUndefined()
    expect(routes.queue('', 'abc')).toBeUndefined()
    expect(routes.queue('1', ':ab')).toBeUndefined()
  })
})
