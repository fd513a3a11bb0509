import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Routes } from '../../../../../src/main/adapters/bus-inproc/routes'
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
    const reloads: Routes[] = []
    const topology = openTopology(db, (routes) => reloads.push(routes))
    const routes = topology.routes()
    topology.ensureExchange(routes, '/', { name: 'x', type: 'direct' })
    topology.ensureQueue(routes, '/', { name: 'q', type: 'classic' })
    topology.ensureBinding(routes, '/', { exchange: 'x', queue: 'q', key: 'a' })
    expect(topology.routes()).toBe(routes)
    expect(routes.route('/', 'x', 'a')?.size).toBe(1)
    expect(reloads).toEqual([routes])
  })

  it('reads the routes again once another connection has written', () => {
    const topology = openTopology(db, () => {})
    topology.ensureQueue(topology.routes(), '/', { name: 'q', type: 'classic' })
    byHand(directory.path, "INSERT INTO queues (vhost, name, type) VALUES ('/', 'theirs', 'classic')")
    expect(topology.routes().queue('/', 'theirs')).toBeTypeOf('number')
    expect(topology.routes().queue('/', 'q')).toBeTypeOf('number')
    byHand(directory.path, 'DELETE FROM queues')
    expect(topology.routes().queue('/', 'q')).toBeUndefined()
  })

  it('forgets what a failed commit has undone', () => {
    const topology = openTopology(db, () => {})
    const failing = db.transaction(() => {
      topology.ensureQueue(topology.routes(), '/', { name: 'q', type: 'classic' })
      throw new Error('no commit')
    })
    expect(failing).toThrow('no commit')
    topology.forget()
    expect(topology.routes().queue('/', 'q')).toBeUndefined()
  })

  it('never confuses two pairs of vhost and name that read the same in a row', () => {
    const topology = openTopology(db, () => {})
    const routes = topology.routes()
    topology.ensureQueue(routes, 'a', { name: 'bc', type: 'classic' })
    topology.ensureQueue(routes, '1:a', { name: 'b', type: 'classic' })
    expect(routes.queue('ab', 'c')).toBeUndefined()
    expect(routes.queue('', 'abc')).toBeUndefined()
    expect(routes.queue('1', ':ab')).toBeUndefined()
  })
})
