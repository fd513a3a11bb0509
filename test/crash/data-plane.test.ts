/** `kill -9` of a node at random instants, while programs write to all three ports: every answer that they got still holds. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { randomFrom } from '../support/random'
import { applied, thatdam, up } from '../support/thatdam'
import { clientOf } from './data-plane/client'
import { consumer, drain, type Ledger, objectWriter, publisher, vectorWriter, versionWriter, type Writer } from './data-plane/writers'

const kills = 200
/** Answers that the writers must have got before a kill. */
const atWorkAfter = 5
const profile = `apiVersion: thatdam/v1
kind: EnvironmentProfile
metadata: { name: crash }
spec:
  storage:
    buckets: [{ name: plain }, { name: other }, { name: versioned, versioning: true }]
  broker:
    exchanges: [{ name: crash, type: topic }]
    queues: [{ name: kept }, { name: worked }]
    bindings: [{ exchange: crash, queue: kept, key: crash.kept }, { exchange: crash, queue: worked, key: crash.worked }]
  indices:
    weaviate:
      classes: [{ name: Asset, properties: [title] }]
`
const names = (length: number, name: (i: number) => string) => Array.from({ length }, (_, i) => name(i))

describe('kill -9 of a node whose data plane is in use', () => {
  it(`${kills} times, loses nothing that was acknowledged and shows nothing half-written`, async () => {
    const { data } = await applied(profile)
    const random = randomFrom(20261125)
    const kept: Ledger = { published: new Set(), asked: new Set(), consumed: new Set(), settling: new Set() }
    const worked: Ledger = { published: new Set(), asked: new Set(), consumed: new Set(), settling: new Set() }
    const writers: Writer[] = [
      objectWriter('plain', [...names(20, (i) => `dir/${i}.bin`), 'dir', 'DIR/0.bin', '../up', 'a//b', 'con', 'end. '], random),
      objectWriter(
        'other',
        names(12, (i) => `sub/${i}`),
        random,
      ),
      versionWriter(
        'versioned',
        names(4, (i) => `clip-${i}.mov`),
        random,
      ),
      publisher('crash', 'kept', kept, random),
      publisher('crash', 'worked', worked, random),
      consumer('worked', worked),
      vectorWriter(
        'Asset',
        names(40, (i) => `id-${i}`),
        24,
        random,
      ),
    ]

    let answers = 0
    for (let round = 0; round < kills; round++) {
      const node = await up(data)
      await node.converged()
      const client = clientOf(node.url, node.nodeFile.token)
      for (const writer of writers) expect([round, await writer.check(client)]).toEqual([round, []])

      let answered = 0
      const atWork = Promise.withResolvers<void>()
      const onAnswer = () => {
        if (++answered === atWorkAfter) atWork.resolve()
      }
      const writing = Promise.all(writers.map((writer) => writer.write(client, onAnswer)))
      // However slow the machine, it is killed at work and not on its way there.
      await atWork.promise
      await sleep(random() * 120)
      node.signal('SIGKILL')
      await node.exited()
      await writing
      answers += answered
    }

    const node = await up(data)
    await node.converged()
    const client = clientOf(node.url, node.nodeFile.token)
    for (const writer of writers) expect(await writer.check(client)).toEqual([])
    for (const [queue, ledger] of Object.entries({ kept, worked })) {
      const left = [...ledger.published].filter((id) => !ledger.settling.has(id))
      const found = await drain(client, 'crash', `crash.${queue}`, queue)
      expect(left.filter((id) => !found.has(id))).toEqual([])
      expect([...found].filter((id) => !ledger.asked.has(id) || ledger.consumed.has(id))).toEqual([])
    }
    // Nothing is left on its way in: what a kill cut short was completed or swept up.
    expect(readdirSync(join(data, 'storage', '.thatdam', 'tmp'))).toEqual([])
    node.signal('SIGTERM')
    expect(await node.exited()).toBe(0)

    const doctor = JSON.parse((await thatdam(['doctor', '--data', data, '--json'])).stdout)
    expect(doctor.checks.filter((check: { ok: boolean }) => !check.ok)).toEqual([])
    expect(answers).toBeGreaterThanOrEqual(kills * atWorkAfter)
  }, 600_000)
})
