/** The contract of the message bus, executable: what is not tested here is not promised. */
import { afterEach, beforeEach, describe } from 'vitest'
import { competingCases } from './event-bus/competing'
import { consumingCases } from './event-bus/consuming'
import { dedupingCases } from './event-bus/deduping'
import { dyingCases } from './event-bus/dying'
import { expiringCases } from './event-bus/expiring'
import { publishingCases } from './event-bus/publishing'
import { removingCases } from './event-bus/removing'
import { routingCases } from './event-bus/routing'
import { shapingCases } from './event-bus/shaping'
import { type EventBusHarness, openStage, type Stage } from './event-bus/stage'

export type { EventBusHarness } from './event-bus/stage'

/** Run every case against a fresh harness. */
export function eventBusConformance(name: string, makeHarness: () => Promise<EventBusHarness>): void {
  describe(`${name} is an EventBus`, () => {
    let current: Stage | undefined
    const stage = () => {
      if (current === undefined) throw new TypeError('the stage is open only while a case runs')
      return current
    }
    beforeEach(async () => {
      current = await openStage(await makeHarness())
    })
    afterEach(async () => {
      await current?.dispose()
      current = undefined
    })
    describe('shaping', () => shapingCases(stage))
    describe('routing', () => routingCases(stage))
    describe('publishing', () => publishingCases(stage))
    describe('consuming', () => consumingCases(stage))
    describe('competing consumers', () => competingCases(stage))
    describe('expiring', () => expiringCases(stage))
    describe('dead letters', () => dyingCases(stage))
    describe('deduplication', () => dedupingCases(stage))
    describe('removing', () => removingCases(stage))
  })
}
