/** The k best are those of the plain formula, to the last bit of each score, whichever copy of the vectors is looked through first. */
import { describe, expect, it } from 'vitest'
import { arena } from '../../../../../src/main/adapters/index-mem/arena'
import { type Distance, scorer } from '../../../../../src/main/adapters/index-mem/score'
import { type Vectors, vectorsIn } from '../../../../../src/main/adapters/index-mem/vectors'
import { randomFrom } from '../../../../support/random'

const distances: Distance[] = ['cosine', 'dot', 'l2']
const scans = { 'the float32 scan': Number.POSITIVE_INFINITY, 'the int8 copy': 0 }
const random = randomFrom(20261126)

function vectors(count: number, dimension: number, number: () => number = () => random() - 0.5): Float32Array[] {
  return Array.from({ length: count }, () => Float32Array.from({ length: dimension }, number))
}

interface Scored {
  readonly row: number
  readonly score: number
}

/** The k best by the one formula, and all that score as the last of them. Rows stand for order among equals. */
function reference(all: readonly (Float32Array | undefined)[], query: Float32Array, distance: Distance, k: number): Scored[] {
  const score = scorer(distance, query)
  const scored = all
    .flatMap((vector, row) => (vector === undefined ? [] : [{ row, score: score(vector, 0) }]))
    .sort((a, b) => b.score - a.score || a.row - b.row)
  const last = scored[k - 1]?.score ?? Number.NEGATIVE_INFINITY
  return scored.filter((one) => one.score >= last)
}

function filled(all: readonly Float32Array[], distance: Distance, int8From: number): Vectors {
  const made = vectorsIn(arena(), distance, all[0]?.length ?? 1, { int8From })
  for (const [row, vector] of all.entries()) made.set(row, vector)
  return made
}

function vector(dimension: number): Float32Array {
  return Float32Array.from({ length: dimension }, () => random() - 0.5)
}

describe.each(Object.entries(scans))('with %s', (_, int8From) => {
  describe.each(distances)('by %s', (distance) => {
    it.each([1, 7, 16, 33, 384, 1_000])('finds what the formula finds among random vectors of %i numbers', (dimension) => {
      const all = vectors(2_500, dimension)
      const made = filled(all, distance, int8From)
      for (const query of vectors(5, dimension)) {
        for (const k of [1, 10, 700, 3_000]) expect(made.nearest(query, k)).toEqual(reference(all, query, distance, k))
      }
    })

    it('tells near-duplicates apart that differ in the last bits of a few numbers', () => {
      const base = vector(96)
      const all = Array.from({ length: 5_000 }, () => {
        const near = base.slice()
        for (let changes = 0; changes < 3; changes++) {
          const at = random.below(96)
          near[at] = (near[at] as number) * (1 + (random.below(3) - 1) * 2 ** -22)
        }
        return near
      })
      const made = filled(all, distance, int8From)
      for (const query of [base, ...vectors(3, 96)]) {
        for (const k of [1, 10, 100]) expect(made.nearest(query, k)).toEqual(reference(all, query, distance, k))
      }
    })

    it('finds a few near-duplicates of the query among many that are far', () => {
      const query = vector(64)
      const near = Array.from({ length: 20 }, (_, i) => query.map((value, at) => (at === i ? value * (1 + i * 2 ** -20) : value)))
      const all = [...vectors(3_000, 64), ...near, ...vectors(3_000, 64)]
      expect(filled(all, distance, int8From).nearest(query, 10)).toEqual(reference(all, query, distance, 10))
    })

    it('gives back everything that scores the same as the last', () => {
      const [one, other] = [vector(24), vector(24)]
      const all = Array.from({ length: 3_000 }, (_, i) => (i % 3 === 0 ? one : other))
      expect(filled(all, distance, int8From).nearest(one, 10)).toEqual(reference(all, one, distance, 10))
    })

    it('is not misled by one large number among small ones, nor by lengths of every size', () => {
      const spiky = vectors(2_600, 64).map((values, i) => {
        values[i % 64] = 1_000 * (i % 2 === 0 ? 1 : -1)
        return values.map((value) => value * 10 ** ((i % 13) - 6))
      })
      const made = filled(spiky, distance, int8From)
      for (const query of [...vectors(5, 64), ...spiky.slice(0, 5)]) {
        expect(made.nearest(query, 10)).toEqual(reference(spiky, query, distance, 10))
      }
    })

    it.each([1e38, 3e38, 1e-38, 1e-44])('stays right where float32 overflows or underflows, with numbers about %d', (size) => {
      // Sums that leave the range on the way and come back: large numbers of both signs, which take each other away.
      const all = vectors(400, 32, () => (random() < 0.5 ? -1 : 1) * size * random()).filter((values) =>
        values.some((value) => value !== 0),
      )
      all.push(...vectors(200, 32))
      const made = filled(all, distance, int8From)
      for (const query of [...all.slice(0, 3), ...vectors(2, 32), ...vectors(2, 32, () => (random() - 0.5) * 1e-40)]) {
        expect(made.nearest(query, 10)).toEqual(reference(all, query, distance, 10))
      }
    })

    it('looks at the rows it is given, and at no others', () => {
      const all = vectors(12_000, 24)
      const made = filled(all, distance, int8From)
      for (const every of [5_000, 100, 3, 1]) {
        const among = Uint32Array.from({ length: Math.ceil(all.length / every) }, (_, i) => i * every)
        const query = vector(24)
        const left = all.map((values, row) => (row % every === 0 ? values : undefined))
        expect(made.nearest(query, 20, among)).toEqual(reference(left, query, distance, 20))
      }
      expect(made.nearest(vector(24), 5, new Uint32Array(0))).toEqual([])
    })

    it('forgets what was removed and knows what was replaced, across blocks', () => {
      // Two thousand rows of this length fill more than one block.
      const dimension = 2_000
      const all: Float32Array[] = vectors(2_200, dimension)
      const made = filled(all, distance, int8From)
      const query = vector(dimension)
      made.nearest(query, 5)
      for (let changes = 0; changes < 1_500; changes++) {
        const row = random.below(all.length)
        if (random() < 0.6) {
          made.remove(row)
          const last = all.pop()
          if (row < all.length && last !== undefined) all[row] = last
        } else {
          all[row] = vector(dimension)
          made.set(row, all[row])
        }
      }
      expect(made.count).toBe(all.length)
      expect(made.nearest(query, 50)).toEqual(reference(all, query, distance, 50))
    })
  })

  it('takes a vector of zeros as query and among the rows', () => {
    for (const distance of ['dot', 'l2'] as const) {
      const all = [...vectors(1_200, 8), new Float32Array(8), ...vectors(1_200, 8), new Float32Array(8)]
      const made = filled(all, distance, int8From)
      for (const query of [new Float32Array(8), vector(8)]) {
        expect(made.nearest(query, 10)).toEqual(reference(all, query, distance, 10))
      }
    }
  })
})

describe('the memory of vectors', () => {
  it('is proportional to them, shared by many small ones, and given back', () => {
    const memory = arena()
    const few = Array.from({ length: 500 }, () => vectorsIn(memory, 'dot', 16))
    for (const one of few) one.set(0, vector(16))
    expect(memory.bytes()).toBe(500 * 4_096)
    for (const one of few) one.free()
    expect(memory.bytes()).toBe(0)

    const many = vectorsIn(memory, 'dot', 64, { int8From: 0 })
    many.expect(20_000)
    for (const [row, values] of vectors(20_000, 64).entries()) many.set(row, values)
    many.nearest(vector(64), 1)
    expect(memory.bytes()).toBe(many.bytes())
    expect(many.bytes()).toBeLessThan(1.7 * 20_000 * (16 + 64 * 4 + 16 + 64))
    for (let row = 19_999; row >= 100; row--) many.remove(row)
    expect(many.bytes()).toBeLessThan(300_000)
    many.free()
    expect(memory.bytes()).toBe(0)
  })
})
