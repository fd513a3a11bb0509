import { expect, it } from 'vitest'
import { keyLock } from '../../../../src/main/core/key-lock'

it('runs what is asked for one key one after the other, in the order of asking', async () => {
  const locked = keyLock()
  const steps: string[] = []
  const work = (name: string) => async () => {
    steps.push(`${name} begins`)
    await new Promise((resolve) => setImmediate(resolve))
    steps.push(`${name} ends`)
    return name
  }
  expect(await Promise.all(['a', 'b', 'c'].map((name) => locked('key', work(name))))).toEqual(['a', 'b', 'c'])
  expect(steps).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends'])
})

it('lets other keys go on meanwhile', async () => {
  const locked = keyLock()
  const { promise, resolve } = Promise.withResolvers<void>()
  const waiting = locked('one', () => promise)
  expect(await locked('other', async () => 'went on')).toBe('went on')
  resolve()
  await waiting
})

it('goes on to the next after a failure', async () => {
  const locked = keyLock()
  const failing = locked('key', async () => {
    throw new Error('on purpose')
  })
  const next = locked('key', async () => 'went on')
  await expect(failing).rejects.toThrow('on purpose')
  expect(await next).toBe('went on')
})
