import { describe, expect, it } from 'vitest'
import { retry } from '../../../../../src/main/core/reconcile/retry'
import { PortError } from '../../../../../src/shared/errors'
import { testClock } from '../../../../support/clock'

const policy = { attempts: 6, backoffMs: 250, maxBackoffMs: 30_000, patienceMs: 6_000 }
const never = new AbortController().signal

function failing(times: number, code: 'unavailable' | 'internal' | 'invalid' = 'unavailable') {
  let calls = 0
  return async () => {
    if (++calls <= times) throw new PortError(code, `failure ${calls}`)
    return calls
  }
}

describe('retry', () => {
  it('answers at once when the first call succeeds', async () => {
    const clock = testClock({ sleepEndsAtOnce: true })
    expect(await retry(failing(0), policy, clock, never)).toEqual({ ok: true, value: 1, attempts: 1 })
    expect(clock.waits).toEqual([])
  })

  it('tries a transient failure again until it succeeds', async () => {
    const clock = testClock({ sleepEndsAtOnce: true })
    expect(await retry(failing(3), policy, clock, never)).toEqual({ ok: true, value: 4, attempts: 4 })
  })

  it('waits a random share of a ceiling that doubles', async () => {
    const clock = testClock({ sleepEndsAtOnce: true, random: () => 1 })
    await retry(failing(9), { ...policy, attempts: 10, patienceMs: Number.POSITIVE_INFINITY }, clock, never)
    expect(clock.waits).toEqual([250, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000])
    const half = testClock({ sleepEndsAtOnce: true, random: () => 0.5 })
    await retry(failing(2), policy, half, never)
    expect(half.waits).toEqual([125, 250])
  })

  it('gives up after the last attempt and answers its error', async () => {
    const outcome = await retry(failing(99), policy, testClock({ sleepEndsAtOnce: true }), never)
    expect(outcome).toMatchObject({ ok: false, attempts: 6, error: { message: 'failure 6' } })
  })

  it.each([
    [0, 6],
    [1_000, 4],
    [2_000, 2],
    [7_000, 1],
  ])('tries a call that takes %i ms to fail %i times: not again once it would end after the patience', async (lasts, attempts) => {
    const clock = testClock({ sleepEndsAtOnce: true })
    const begun = clock.monotonic()
    const work = async () => {
      await clock.sleep(lasts, never)
      throw new PortError('unavailable', 'it says nothing')
    }
    expect(await retry(work, policy, clock, never)).toMatchObject({ ok: false, attempts, error: { message: 'it says nothing' } })
    expect(clock.monotonic() - begun).toBeLessThanOrEqual(Math.max(policy.patienceMs, lasts))
  })

  it.each([
    [1_000, 4],
    [7_000, 2],
    [60_000, 2],
  ])(
    'grants another call where it is told to, though one takes %i ms to fail, and no more than the patience beyond it',
    async (lasts, attempts) => {
      const clock = testClock({ sleepEndsAtOnce: true })
      const work = async () => {
        await clock.sleep(lasts, never)
        throw new PortError('unavailable', 'the connection broke')
      }
      expect(await retry(work, { ...policy, leastAttempts: 2 }, clock, never)).toMatchObject({ ok: false, attempts })
    },
  )

  it('does not grant another call beyond the attempts, nor after a refusal', async () => {
    const clock = testClock({ sleepEndsAtOnce: true })
    const granting = { ...policy, leastAttempts: 2 }
    expect(await retry(failing(99), { ...granting, attempts: 1 }, clock, never)).toMatchObject({ ok: false, attempts: 1 })
    expect(await retry(failing(99, 'invalid'), granting, clock, never)).toMatchObject({ ok: false, attempts: 1 })
  })

  it('does not try a refusal again', async () => {
    const outcome = await retry(failing(99, 'invalid'), policy, testClock({ sleepEndsAtOnce: true }), never)
    expect(outcome).toMatchObject({ ok: false, attempts: 1, error: { code: 'invalid' } })
  })

  it('throws a mistake of the program on, untried', async () => {
    const mistake = new TypeError('not a function')
    const work = async () => {
      throw mistake
    }
    await expect(retry(work, policy, testClock(), never)).rejects.toBe(mistake)
  })

  it('ends a wait when it is aborted', async () => {
    const stop = new AbortController()
    const outcome = retry(failing(99), policy, testClock(), stop.signal)
    await Promise.resolve()
    stop.abort(new Error('stopped'))
    await expect(outcome).rejects.toThrow('stopped')
  })
})
