/** The built page in a real browser, before a node that says what a fixture says: what the tests of the page share. */
import { expect } from '@playwright/test'
import { afterAll, afterEach, beforeAll, describe } from 'vitest'
import { type Fixture, type FixtureName, fixturesAt } from '../../src/renderer/fixtures'
import type { Status } from '../../src/shared/status'
import { launch, type OpenPage, type TestBrowser, whyNoBrowser } from './browser'
import { type BuiltPage, buildPage } from './page-build'
import { type StandInNode, startStandInNode } from './stand-in-node'

/** Patient, since these tests may share a small machine with others. */
export const expectPage = expect.configure({ timeout: 20_000 })

/** Open the page before a node that says what `fixture` says. */
export type Open = (fixture: Fixture, options?: Parameters<TestBrowser['newPage']>[0]) => Promise<OpenPage & { node: StandInNode }>

/** A suite with a browser and a built page; skipped, with the reason in its name, where there is no browser. */
export function describePage(name: string, suite: (open: Open) => void): void {
  const skip = whyNoBrowser()
  describe.skipIf(skip !== undefined)(skip === undefined ? name : `${name} (${skip})`, () => {
    let built: BuiltPage
    let browser: TestBrowser
    const nodes: StandInNode[] = []

    beforeAll(async () => {
      built = await buildPage()
      browser = await launch()
    })
    afterEach(async () => {
      await browser.closePages()
      await Promise.all(nodes.splice(0).map((node) => node.close()))
    })
    afterAll(async () => {
      await browser?.close()
      await built?.dispose()
    })

    suite(async (fixture, options = {}) => {
      const node = await startStandInNode(built.directory, fixture)
      nodes.push(node)
      const opened = await browser.newPage(options)
      await opened.page.goto(node.url)
      return { ...opened, node }
    })
  })
}

/** A fixture as it is at this moment. */
export function at(name: FixtureName): Fixture {
  return fixturesAt(Date.now())[name]
}

/** The status of a fixture that has one. */
export function statusOf(name: FixtureName): Status {
  const { status } = at(name)
  if (status === null) throw new TypeError(`fixture ${name} has no status`)
  return status
}
