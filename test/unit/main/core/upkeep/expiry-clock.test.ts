import { describe, expect, it } from 'vitest'
import type { Tick } from '../../../../../src/main/core/ports/ticks'
import { judge } from '../../../../../src/main/core/upkeep/expiry-clock'

const hour = 3_600_000
const day = 24 * hour
const start = Date.UTC(2026, 5, 1)
const believed = (at: number): Tick => ({ at, doubtedSince: null })

/** The judgements of one process after the other, each reading `[wall time, time that really passed]`. */
function trustOver(readings: readonly (readonly [now: number, passed: number | undefined])[], first?: Tick): boolean[] {
  let tick = first
  return readings.map(([now, passed]) => {
    const judgement = judge(tick, { now, passed })
    tick = judgement.tick
    return judgement.trusted
  })
}

describe('the clock that expiry goes by', () => {
  it('is believed in a new data directory', () => {
    expect(judge(undefined, { now: start, passed: undefined })).toEqual({ tick: believed(start), trusted: true })
  })

  it('is believed while it runs as time does', () => {
    expect(
      trustOver([
        [start, undefined],
        [start + hour, hour],
        [start + 2 * hour + 60_000, hour],
      ]),
    ).toEqual([true, true, true])
  })

  it('is believed after a night in which the machine slept or was off', () => {
    expect(trustOver([[start + 14 * hour, 60_000]], believed(start))).toEqual([true])
    expect(trustOver([[start + 14 * hour, undefined]], believed(start))).toEqual([true])
  })

  it('is doubted for a day when it jumps ahead while the node runs', () => {
    const ahead = start + 3650 * day
    const readings = [[ahead, hour], ...Array.from({ length: 25 }, (_, i) => [ahead + (i + 1) * hour, hour] as const)] as const
    const trusted = trustOver(readings, believed(start))
    expect(trusted.slice(0, 24)).toEqual(Array(24).fill(false))
    expect(trusted.slice(24)).toEqual([true, true])
  })

  it('is doubted when it went back, since what it says next is a jump ahead', () => {
    expect(judge(believed(start), { now: start - hour, passed: hour })).toMatchObject({
      trusted: false,
      reason: 'the clock went from 2026-06-01T00:00:00.000Z to 2026-05-31T23:00:00.000Z',
    })
  })

  it('is doubted after the node has not run for longer than a day, until a day after that', () => {
    const monday = start + 3 * day
    expect(
      trustOver(
        [
          [monday, undefined],
          [monday + 8 * hour, 8 * hour],
          [monday + day, undefined],
        ],
        believed(start),
      ),
    ).toEqual([false, false, true])
  })

  it('is doubted anew by a second jump', () => {
    const tick = judge(believed(start), { now: start + 30 * day, passed: hour }).tick
    expect(judge(tick, { now: start + 2 * hour, passed: hour })).toMatchObject({
      trusted: false,
      tick: { doubtedSince: start + 2 * hour },
    })
  })
})
