import { describe, expect, it } from 'vitest'
import { createPassLoop } from '../../../../../src/main/core/discovery/pass-loop'
import { settle, testClock } from '../../../../support/clock'

/** Passes that end when the test says so. */
function manualPasses() {
  const started: boolean[] = []
  const ends: (() => void)[] = []
  const run = async (force: boolean, signal: AbortSignal): Promise<number> => {
    started.push(force)
    const mine = started.length
    await new Promise<void>((resolve, reject) => {
      ends.push(resolve)
      signal.addEventListener('abort', () => reject(signal.reason))
    })
    return mine
  }
  return { started, run, end: () => ends.shift()?.() }
}

const fail = (error: unknown) => {
  throw error
}

describe('the pass loop', () => {
  it('answers triggers that come while a pass runs with one more pass', async () => {
    const passes = manualPasses()
    const loop = createPassLoop({ run: passes.run, clock: testClock(), intervalMs: 30_000, onError: fail })
    const first = loop.request('tick')
    await settle()
    const later = [loop.request('profile'), loop.request('profile'), loop.request('tick')]
    passes.end()
    expect(await first).toBe(1)
    await settle()
    expect(passes.started).toHaveLength(2)
    passes.end()
    expect(await Promise.all(later)).toEqual([2, 2, 2])
    expect(passes.started).toHaveLength(2)
    await loop.stop()
  })

  it('forces a look when anybody among those who wait asked for one', async () => {
    const passes = manualPasses()
    const loop = createPassLoop({ run: passes.run, clock: testClock(), intervalMs: 30_000, onError: fail })
    const asked = [loop.request('tick'), loop.request('profile')]
    await settle()
    asked.push(loop.request('tick'), loop.request('request'))
    passes.end()
    await settle()
    passes.end()
    await Promise.all(asked)
    expect(passes.started).toEqual([false, true])
    await loop.stop()
  })

  it('repeats by itself after the interval and up to a fifth more', async () => {
    const runs: number[] = []
    const clock = testClock({ random: () => 1 })
    const run = async () => runs.push(clock.monotonic())
    const loop = createPassLoop({ run, clock, intervalMs: 30_000, onError: fail })
    loop.repeat()
    expect(clock.waits).toEqual([36_000])
    await clock.advance(35_999)
    expect(runs).toHaveLength(0)
    await clock.advance(1)
    expect(runs).toHaveLength(1)
    await clock.advance(36_000)
    expect(runs).toHaveLength(2)
    await loop.stop()
  })

  it('counts the interval from the last pass, whoever asked for it', async () => {
    const clock = testClock({ random: () => 0 })
    let runs = 0
    const loop = createPassLoop({ run: async () => ++runs, clock, intervalMs: 30_000, onError: fail })
    loop.repeat()
    await clock.advance(20_000)
    await loop.request('request')
    await settle()
    await clock.advance(20_000)
    expect(runs).toBe(1)
    await clock.advance(10_000)
    expect(runs).toBe(2)
    await loop.stop()
  })

  it('hands a failure to those who asked, and goes on', async () => {
    let runs = 0
    const run = async () => {
      if (++runs === 1) throw new Error('first pass failed')
      return runs
    }
    const loop = createPassLoop({ run, clock: testClock(), intervalMs: 30_000, onError: fail })
    await expect(loop.request('request')).rejects.toThrow('first pass failed')
    expect(await loop.request('request')).toBe(2)
    await loop.stop()
  })

  it('reports a failure of a pass that nobody asked for', async () => {
    const errors: unknown[] = []
    const clock = testClock()
    const run = async () => {
      throw new Error('broken')
    }
    const loop = createPassLoop({ run, clock, intervalMs: 1000, onError: (error) => errors.push(error) })
    loop.repeat()
    await clock.advance(2000)
    expect(errors).toEqual([new Error('broken')])
    await loop.stop()
  })

  it('aborts the running pass when it stops, and begins no other', async () => {
    const passes = manualPasses()
    const loop = createPassLoop({ run: passes.run, clock: testClock(), intervalMs: 30_000, onError: fail })
    const running = loop.request('request')
    const waiting = (async () => {
      await settle()
      return loop.request('request')
    })()
    running.catch(() => undefined)
    waiting.catch(() => undefined)
    await settle()
    await settle()
    await loop.stop()
    await expect(running).rejects.toThrow('stopping')
    await expect(waiting).rejects.toThrow('stopping')
    await expect(loop.request('tick')).rejects.toThrow('stopping')
    expect(passes.started).toHaveLength(1)
  })

  it('runs a pass of another make alone, and answers nobody else with it', async () => {
    const passes = manualPasses()
    const loop = createPassLoop({ run: passes.run, clock: testClock(), intervalMs: 30_000, onError: fail })
    const first = loop.request('tick')
    await settle()
    const seen: number[] = []
    const alone = loop.alone(async () => {
      seen.push(passes.started.length)
      throw new Error('refused')
    })
    const second = loop.request('request')
    await settle()
    expect(seen).toEqual([])
    passes.end()
    await settle()
    passes.end()
    expect(await Promise.all([first, second])).toEqual([1, 2])
    await expect(alone).rejects.toThrow('refused')
    expect(seen).toEqual([1])
    expect(await loop.alone(async () => 'at once')).toBe('at once')
    await loop.stop()
    await expect(loop.alone(async () => 'too late')).rejects.toThrow('stopping')
  })
})
