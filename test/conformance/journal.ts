/** The Journal port's contract, executable: steps, events, applies and revisions. A rule that is not in here is not promised. */
import { describe } from 'vitest'
import type { JournalHarness } from './journal/harness'
import { intentCases } from './journal/intents'
import { recordCases } from './journal/records'
import { stepCases } from './journal/steps'

export function journalConformance(name: string, makeHarness: () => Promise<JournalHarness>): void {
  describe(`${name} is a Journal`, () => {
    describe('steps and what came of them', () => stepCases(makeHarness))
    describe('what was made, and leave to destroy', () => intentCases(makeHarness))
    describe('events, revisions and the view', () => recordCases(makeHarness))
  })
}
