/** The k best are those of the plain formula, to the last place and in the same order, whichever scan is looked through first. */
import { describe, expect, it } from 'vitest'
import { partition } from '../../../../../src/main/adapters/index-mem/partition'
import { type Distance, scorer } from '../../../../../src/main/adapters/index-mem/score'
import { compareUtf8 } from '../../../../../src/shared/order'
import { randomFrom } from '../../../../support/random'

const distances: Distance[] = ['cosine', 'dot', 'l2']
const scans = { 'the float32 scan': Number.POSITIVE_INFINITY, 'the int8 copy': 0 }
const random = randomFrom(20261126)

function vectors(count: number, dimension: number, number: () => number = () => random() - 0.5): Float32Array[] {
  return Array.from({ length: count }, () => Float32Array.from({ length: dimension }, number))
}

/** Every score by the one formula, best first, ties by id. */
function reference(all: readonly Float32Array[], query: Float32Array, distance: Distance, k: number) {
  const score = scorer(distance, query)
  return all
    .map((vector, i) => ({ id: `id-${i}`, score: score(vector, 0) }))
    .sort((a, b) => b.score - a.score || compareUtf8(a.id, b.id))
    .slice(0, k)
}

function filled(all: readonly Float32Array[], quickFrom: number, segmentRows = 100) {
  const made = partition(all[0]?.length ?? 1, 0, { quickFrom, segmentRows })
  for (const [i, vector] of all.entries()) made.set(`id-${i}`, vector, JSON.stringify({ n: i }))
  return made
}

const found = (results: readonly { id: string; score: number }[]) => results.map(({ id, score }) => ({ id, score }))

describe.each(Object.entries(scans))('with %s', (_, quickFrom) => {
  describe.each(distances)('by %s', (distance) => {
    it.each([1, 7, 16, 33, 384])('finds what the formula finds among random vectors of %i numbers', (dimension) => {
      const all = vectors(350, dimension)
      const made = filled(all, quickFrom)
      for (const query of vectors(10, dimension)) {
        for (const k of [1, 10, 350, 1_000])
          expect(found(made.search(k, distance, query, undefined))).toEqual(reference(all, query, distance, k))
      }
    })

    it('tells near-duplicates apart that differ in the last bits of a few numbers', () => {
      const [base = new Float32Array(96)] = vectors(1, 96)
      const all = Array.from({ length: 3_000 }, () => {
        const near = base.slice()
        for (let changes = 0; changes < 3; changes++) {
          const at = random.below(96)
          near[at] = (near[at] as number) * (1 + (random.below(3) - 1) * 2 ** -22)
        }
        return near
      })
      const made = filled(all, quickFrom, 1_000)
      for (const query of [base, ...vectors(3, 96)]) {
        expect(found(made.search(10, distance, query, undefined))).toEqual(reference(all, query, distance, 10))
      }
    })

    it('is not misled by one large number among small ones, nor by lengths of every size', () => {
      const spiky = vectors(300, 64).map((vector, i) => {
        vector[i % 64] = 1_000 * (i % 2 === 0 ? 1 : -1)
        return vector.map((value) => value * 10 ** ((i % 13) - 6))
      })
      const made = filled(spiky, quickFrom)
      for (const query of vectors(5, 64)) {
        expect(found(made.search(10, distance, query, undefined))).toEqual(reference(spiky, query, distance, 10))
      }
    })

    it('stays right where float32 overflows or underflows', () => {
      const extreme = [1e38, 3e38, 1e-38, 1e-44, 1].flatMap((scale) =>
        vectors(40, 32).map((vector) => vector.map((value) => value * scale)),
      )
      const all = extreme.filter((vector) => vector.some((value) => value !== 0))
      const made = filled(all, quickFrom)
      for (const scale of [1e38, 1e-40, 1]) {
        const [query = new Float32Array(32)] = vectors(1, 32).map((vector) => vector.map((value) => value * scale))
        expect(found(made.search(10, distance, query, undefined))).toEqual(reference(all, query, distance, 10))
      }
    })

    it('looks only at what a filter lets through, few or many', () => {
      const all = vectors(500, 24)
      const made = filled(all, quickFrom)
      for (const every of [100, 2, 1]) {
        const [query = new Float32Array(24)] = vectors(1, 24)
        const left = reference(all, query, distance, 500).filter(({ id }) => Number(id.slice(3)) % every === 0)
        expect(found(made.search(20, distance, query, ({ n }) => Number(n) % every === 0))).toEqual(left.slice(0, 20))
      }
    })

    it('forgets what was removed and knows what was replaced, across segments', () => {
      const all = vectors(330, 16)
      const made = filled(all, quickFrom)
      const [query = new Float32Array(16)] = vectors(1, 16)
      made.search(5, distance, query, undefined)
      const kept = new Map(all.map((vector, i) => [`id-${i}`, vector]))
      for (let changes = 0; changes < 400; changes++) {
        const id = `id-${random.below(330)}`
        if (random() < 0.5) {
          made.remove(id)
          kept.delete(id)
        } else {
          const [vector = new Float32Array(16)] = vectors(1, 16)
          made.set(id, vector, '{}')
          kept.set(id, vector)
        }
      }
      const score = scorer(distance, query)
      const wanted = [...kept]
        .map(([id, vector]) => ({ id, score: score(vector, 0) }))
        .sort((a, b) => b.score - a.score || compareUtf8(a.id, b.id))
      expect(found(made.search(1_000, distance, query, undefined))).toEqual(wanted)
      expect(made.size().vectors).toBe(kept.size)
    })
  })
})

describe('a partition', () => {
  it('takes memory as it holds vectors, and says how much', () => {
    const small = filled(vectors(100, 64), 0, 16_384).size()
    const large = filled(vectors(10_000, 64), 0, 16_384).size()
    expect(small.vectors).toBe(100)
    expect(large.bytes).toBeGreaterThan(10_000 * 64 * 4)
    expect(large.bytes).toBeLessThan(3 * 10_000 * 64 * 4)
  })

  it('is empty at first, and again when all is removed', () => {
    const made = partition(8, 0)
    const [query = new Float32Array(8)] = vectors(1, 8)
    expect(made.search(3, 'dot', query, undefined)).toEqual([])
    made.set('a', query, '{}')
    made.remove('a')
    made.remove('a')
    expect(made.search(3, 'dot', query, undefined)).toEqual([])
  })
})
