/** The nearest objects by brute force, written for plainness alone, and what an answer must have in common with it. */
import { expect } from 'vitest'
import type { QueryResult, VectorObject } from '../../../src/main/core/ports/vector-index'
import type { ClassModel } from '../../../src/shared/profile/model'

function scoreOf(distance: ClassModel['distance'], a: Float32Array, b: Float32Array): number {
  const pairs = [...a].map((value, position): [number, number] => [value, b[position] ?? Number.NaN])
  const dot = pairs.reduce((sum, [x, y]) => sum + x * y, 0)
  if (distance === 'dot') return dot
  if (distance === 'l2') return -pairs.reduce((sum, [x, y]) => sum + (x - y) ** 2, 0)
  return dot / (Math.hypot(...a) * Math.hypot(...b))
}

/** Rounding that a backend may do: it may compute in float32. The terms of a dot product may be far larger than their sum. */
function tolerance(distance: ClassModel['distance'], score: number, a: Float32Array, b: Float32Array): number {
  const terms = distance === 'dot' ? Math.hypot(...a) * Math.hypot(...b) : 0
  return 1e-5 * Math.max(1, Math.abs(score), terms)
}

/**
 * Checks that `results` are the `k` nearest of `expected`: right scores, in order, ties by id, and none left out that scores
 * better than one that is in by more than rounding.
 */
export function expectNearest(
  results: QueryResult['results'],
  expected: readonly VectorObject[],
  query: { readonly distance: ClassModel['distance']; readonly vector: Float32Array; readonly k: number },
): void {
  const scores = new Map(expected.map((object) => [object.id, scoreOf(query.distance, object.vector, query.vector)]))
  const vectors = new Map(expected.map(({ id, vector }) => [id, vector]))
  const rounding = (id: string, score: number) => tolerance(query.distance, score, vectors.get(id) ?? query.vector, query.vector)
  const metadatas = new Map(expected.map((object) => [object.id, object.metadata]))
  expect(results.length).toBe(Math.min(query.k, expected.length))
  expect(new Set(results.map(({ id }) => id)).size).toBe(results.length)
  for (const [place, { id, score, metadata }] of results.entries()) {
    const right = scores.get(id)
    if (right === undefined) throw new Error(`${JSON.stringify(id)} is not among the objects that match`)
    expect(Math.abs(score - right)).toBeLessThanOrEqual(rounding(id, right))
    expect(metadata).toEqual(metadatas.get(id))
    const next = results[place + 1]
    if (next === undefined) continue
    expect(score).toBeGreaterThanOrEqual(next.score)
    if (score === next.score) expect(Buffer.compare(Buffer.from(id), Buffer.from(next.id))).toBe(-1)
  }
  const worst = results.at(-1)
  if (worst === undefined) return
  const found = new Set(results.map(({ id }) => id))
  for (const [id, score] of scores) {
    if (!found.has(id)) expect(score).toBeLessThanOrEqual(worst.score + rounding(id, score) + rounding(worst.id, worst.score))
  }
}
