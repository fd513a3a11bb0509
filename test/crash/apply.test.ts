/** `kill -9` at random instants of an apply: each next start converges, and the journal tells what happened. */
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import Sqlite from 'better-sqlite3'
import { describe, expect, it } from 'vitest'
import { randomFrom } from '../support/random'
import { tempDir } from '../support/temp'
import { spawnThatdam, thatdam } from '../support/thatdam'

const kills = 50

const profile = `apiVersion: thatdam/v1
kind: EnvironmentProfile
metadata: { name: crash }
spec:
  storage:
    buckets: [${range(100)
      .map((i) => `{ name: bucket-${i}, tags: { n: "${i}" } }`)
      .join(', ')}]
  broker:
    exchanges: [{ name: overlay }]
    queues: [${range(45)
      .map((i) => `{ name: queue-${i}, ttl: 60 }`)
      .join(', ')}]
    bindings: [${range(9)
      .map((i) => `{ exchange: overlay, queue: queue-${i}, key: "k.${i}" }`)
      .join(', ')}]
`
const resources = 100 + 100 + 1 + 45 + 45 + 9

function range(length: number): number[] {
  return Array.from({ length }, (_, i) => i)
}

interface JournalFigures {
  readonly steps: number
  readonly open: number
  readonly found: number
  readonly done: number
}

function journalOf(data: string): JournalFigures {
  const db = new Sqlite(join(data, 'node.db'), { readonly: true })
  try {
    return db
      .prepare<[], JournalFigures>(
        `SELECT count(*) AS steps, count(*) FILTER (WHERE c.step IS NULL) AS open,
         count(*) FILTER (WHERE c.outcome = 'found') AS found, count(*) FILTER (WHERE c.outcome = 'done') AS done
         FROM steps s LEFT JOIN closings c ON c.step = s.id`,
      )
      .get() as JournalFigures
  } finally {
    db.close()
  }
}

describe('kill -9 in the middle of an apply', () => {
  it(`${kills} times, never keeps the next start from converging`, async () => {
    const directory = tempDir()
    const file = join(directory, 'profile.yaml')
    writeFileSync(file, profile)
    const random = randomFrom(20261124)

    const started = performance.now()
    const whole = await thatdam(['apply', '-f', file, '--data', join(directory, 'whole'), '--json'])
    const wholeMs = performance.now() - started
    expect(JSON.parse(whole.stdout)).toMatchObject({ converged: true, applied: resources })

    let interrupted = 0
    let found = 0
    for (let i = 0; i < kills; i++) {
      const data = join(directory, `data-${i}`)
      const child = spawnThatdam(['apply', '-f', file, '--data', data, '--json'])
      const ended = new Promise((resolve) => child.once('close', resolve))
      await sleep(random() * wholeMs)
      child.kill('SIGKILL')
      await ended

      const next = await thatdam(['apply', '-f', file, '--data', data, '--json'])
      expect([i, next.status, next.stdout, next.stderr]).toEqual([i, 0, expect.any(String), ''])
      const { applied, converged, errors } = JSON.parse(next.stdout)
      expect([i, converged, errors]).toEqual([i, true, []])
      const again = await thatdam(['apply', '-f', file, '--data', data, '--json'])
      expect([i, JSON.parse(again.stdout).applied]).toEqual([i, 0])

      const journal = journalOf(data)
      expect([i, journal.open]).toEqual([i, 0])
      // Every resource was brought about once; those whose step was cut short may have needed no second one.
      expect(journal.done).toBeGreaterThanOrEqual(resources - journal.found)
      expect(journal.done).toBeLessThanOrEqual(resources)
      expect(readdirSync(join(data, 'storage')).filter((name) => name.startsWith('bucket-'))).toHaveLength(100)
      if (applied > 0 && applied < resources) interrupted++
      found += journal.found
    }
    // A campaign that never met an apply under way would prove nothing.
    expect(interrupted).toBeGreaterThan(0)
    expect(found).toBeGreaterThan(0)
  }, 300_000)
})
