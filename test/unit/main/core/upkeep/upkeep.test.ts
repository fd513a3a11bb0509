import { describe, expect, it, onTestFinished } from 'vitest'
import type { StorageUpkeep, Survey } from '../../../../../src/main/core/ports/object-storage'
import type { Tick } from '../../../../../src/main/core/ports/ticks'
import { createUpkeep } from '../../../../../src/main/core/upkeep/upkeep'
import { PortError } from '../../../../../src/shared/errors'
import { settle, testClock } from '../../../../support/clock'

const day = 24 * 3_600_000
const quiet: Survey = { adopted: 0, changed: 0, missing: { count: 0, names: [] } }

/** Objects by the moment they are due, and a person's hands. */
function world(due: number[] = []) {
  const clock = testClock()
  const storage: StorageUpkeep & { due: number[]; found: Survey; failing: PortError | undefined; surveys: number } = {
    due,
    found: quiet,
    failing: undefined,
    surveys: 0,
    async survey() {
      storage.surveys++
      if (storage.failing !== undefined) throw storage.failing
      return storage.found
    },
    async expire(at: number) {
      const gone = storage.due.filter((moment) => moment <= at).slice(0, 2)
      storage.due = storage.due.filter((moment) => !gone.includes(moment))
      return { count: gone.length, bytes: gone.length, more: storage.due.some((moment) => moment <= at) }
    },
  }
  const stored: { tick: Tick | undefined } = { tick: undefined }
  const lines: string[] = []
  const told: (readonly string[])[] = []
  const start = () => {
    const upkeep = createUpkeep({
      storage,
      ticks: {
        read: async () => stored.tick,
        write: async (tick) => {
          stored.tick = tick
        },
      },
      clock,
      log: (level, message, { error }) => lines.push(`${level}: ${message}${error === undefined ? '' : ` (${error})`}`),
      settings: { surveyMs: 300_000, expireMs: 3_600_000 },
      onWarnings: () => told.push(upkeep.warnings()),
      onCrash: (error) => {
        throw error
      },
    })
    onTestFinished(() => upkeep.stop())
    upkeep.run()
    return upkeep
  }
  return { clock, storage, stored, lines, told, start }
}

describe('the upkeep of an embedded storage', () => {
  it('expires all that is due at its start, and what comes due later', async () => {
    const { clock, storage, start } = world()
    storage.due = [1, 2, 3, 4, 5, clock.now() + 5_000_000]
    start()
    await settle()
    expect(storage.due).toHaveLength(1)
    await clock.advance(4_000_000)
    expect(storage.due).toHaveLength(1)
    await clock.advance(4_000_000)
    expect(storage.due).toEqual([])
  })

  it('expires nothing after the clock jumped, and says so', async () => {
    const { clock, storage, stored, start, told } = world()
    stored.tick = { at: clock.now() - 30 * day, doubtedSince: null }
    storage.due = [1]
    const upkeep = start()
    await settle()
    expect(storage.due).toEqual([1])
    expect(upkeep.warnings()).toEqual([
      expect.stringMatching(/^Expiry of objects is paused: the clock went from .* since this node last ran/),
    ])
    expect(told).toHaveLength(1)
    for (let hours = 0; hours < 26; hours += 1) await clock.advance(4_400_000)
    expect(storage.due).toEqual([])
    expect(upkeep.warnings()).toEqual([])
  })

  it('names an object whose file was removed by hand, until it is back', async () => {
    const { clock, storage, start } = world()
    storage.found = { ...quiet, missing: { count: 3, names: ['media/a', 'media/b', 'media/c'] } }
    const upkeep = start()
    await settle()
    expect(upkeep.warnings()).toEqual([expect.stringMatching(/^media\/a and 2 more have no file any more/)])
    storage.found = quiet
    await clock.advance(400_000)
    expect(upkeep.warnings()).toEqual([])
  })

  it('looks through the directories when asked, without waiting for the time', async () => {
    const { storage, start } = world()
    const upkeep = start()
    await settle()
    expect(storage.surveys).toBe(1)
    upkeep.surveySoon()
    await settle()
    expect(storage.surveys).toBe(2)
  })

  it('tells a storage that fails, and tries again when it is time', async () => {
    const { clock, storage, lines, start } = world()
    storage.failing = new PortError('unavailable', 'the disk is away')
    start()
    await settle()
    expect(lines).toEqual(['error: survey failed (unavailable: the disk is away)'])
    storage.failing = undefined
    storage.found = { ...quiet, adopted: 2 }
    await clock.advance(400_000)
    expect(lines.at(-1)).toBe('info: 2 files adopted, 0 changed by hand')
  })

  it('does nothing more once it was stopped', async () => {
    const { clock, storage, start } = world()
    const upkeep = start()
    await settle()
    await upkeep.stop()
    await clock.advance(day)
    expect(storage.surveys).toBe(1)
  })
})
