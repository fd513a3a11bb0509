/** The VectorIndex port's contract, executable. A rule that is not in here is not promised. */
import { describe } from 'vitest'
import { concurrencyCases } from './vector-index/concurrency'
import { filterCases } from './vector-index/filters'
import type { IndexHarness } from './vector-index/harness'
import { objectCases } from './vector-index/objects'
import { queryCases } from './vector-index/queries'
import { rankingCases } from './vector-index/ranking'
import { removingCases } from './vector-index/removing'
import { shapingCases } from './vector-index/shaping'
import { vectorCases } from './vector-index/vectors'

export function vectorIndexConformance(name: string, makeHarness: () => Promise<IndexHarness>): void {
  describe(`${name} is a VectorIndex`, () => {
    describe('shaping', () => shapingCases(makeHarness))
    describe('removing', () => removingCases(makeHarness))
    describe('objects', () => objectCases(makeHarness))
    describe('vectors', () => vectorCases(makeHarness))
    describe('queries', () => queryCases(makeHarness))
    describe('ranking', () => rankingCases(makeHarness))
    describe('filters', () => filterCases(makeHarness))
    describe('many at once', () => concurrencyCases(makeHarness))
  })
}
