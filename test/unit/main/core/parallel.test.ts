import { expect, it } from 'vitest'
import { parallel } from '../../../../src/main/core/parallel'

const items = Array.from({ length: 20 }, (_, i) => i)
const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

it('works on every item once, and on no more than the limit at a time', async () => {
  const done: number[] = []
  let inside = 0
  let most = 0
  await parallel(items, 3, async (item) => {
    most = Math.max(most, ++inside)
    await turn()
    inside--
    done.push(item)
    return true
  })
  expect(most).toBe(3)
  expect(done.sort((a, b) => a - b)).toEqual(items)
})

it('has nothing to do where there are no items', async () => {
  await parallel([], 3, () => Promise.reject(new Error('nothing to work on')))
})

it('starts no further item once one has answered false, and waits for those under way', async () => {
  const started: number[] = []
  const done: number[] = []
  await parallel(items, 3, async (item) => {
    started.push(item)
    if (item !== 1) await turn()
    done.push(item)
    return item !== 1
  })
  expect(started).toEqual([0, 1, 2])
  expect(done).toEqual([1, 0, 2])
})

it('starts no further item once one has thrown, and throws that when those under way are done', async () => {
  const started: number[] = []
  const done: number[] = []
  const work = parallel(items, 3, async (item) => {
    started.push(item)
    if (item === 1) throw new Error('broken')
    await turn()
    done.push(item)
    return true
  })
  await expect(work).rejects.toThrow('broken')
  expect(started).toEqual([0, 1, 2])
  expect(done).toEqual([0, 2])
})
