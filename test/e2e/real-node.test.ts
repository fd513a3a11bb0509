/** The page in a real browser, before a real node: signed in by the link that `up` prints. */
import { existsSync, rmSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from '@playwright/test'
import { afterAll, afterEach, beforeAll, describe, it } from 'vitest'
import { tempDir } from '../support/temp'
import { up } from '../support/thatdam'
import { launch, type TestBrowser, whyNoBrowser } from './browser'
import { expectPage } from './page-harness'

const skip = whyNoBrowser()

describe.skipIf(skip !== undefined)(skip === undefined ? 'the page of a real node' : `the page of a real node (${skip})`, () => {
  let browser: TestBrowser
  beforeAll(async () => {
    browser = await launch()
  })
  afterEach(async () => browser.closePages())
  afterAll(async () => browser?.close())

  it('says that all is well, and puts back what is removed by hand when asked to check', async () => {
    const data = join(tempDir(), 'data')
    const node = await up(data)
    const { page, complaints } = await browser.newPage()
    await page.goto(node.signInUrl)
    await expectPage(page.getByRole('heading', { level: 1 })).toHaveText(/All is well\. 20 resources are as the profile asks\./)
    await expectPage(page.getByText('Solo leader').first()).toBeVisible()
    await expectPage(page.getByText('bucket media-raw created (missing)')).toBeVisible()

    rmSync(join(data, 'storage', 'media-raw'), { recursive: true })
    await page.getByRole('button', { name: 'Check now' }).click()
    await expectPage(page.getByText('bucket media-raw created (removed outside this node)')).toBeVisible()
    expect(existsSync(join(data, 'storage', 'media-raw'))).toBe(true)
    expect(complaints).toEqual([])

    if (process.env.THATDAM_SCREENSHOTS === '1') {
      await mkdir('docs/screenshots', { recursive: true })
      await page.mouse.move(0, 0)
      await page.screenshot({ path: 'docs/screenshots/overview.png', animations: 'disabled' })
    }
  })

  it('says when the node is gone, and goes on by itself, still signed in, when it is back', async () => {
    const data = join(tempDir(), 'data')
    const node = await up(data)
    await node.converged()
    const { page } = await browser.newPage()
    await page.goto(node.signInUrl)
    await expectPage(page.getByRole('heading', { level: 1 })).toHaveText(/All is well/)
    node.signal('SIGKILL')
    await node.exited()
    await expectPage(page.getByText(/does not answer/).first()).toBeVisible()
    await up(data, ['--port', new URL(node.url).port])
    await expectPage(page.getByRole('heading', { level: 1 })).toHaveText(/All is well/)
    await expectPage(page.getByText(/does not answer/)).toHaveCount(0)
  })

  it('sets a new node up when the person says start, and not before', async () => {
    const data = join(tempDir(), 'data')
    const node = await up(data, ['--setup'])
    const { page } = await browser.newPage()
    await page.goto(node.signInUrl)
    await expectPage(page.getByRole('heading', { level: 1 })).toHaveText(/Not set up yet/)
    await expectPage(page.getByText('3 buckets')).toBeVisible()
    expect(existsSync(data)).toBe(false)
    await page.getByRole('button', { name: 'Start' }).click()
    await expectPage(page.getByRole('heading', { level: 1 })).toHaveText(/All is well/)
    expect(existsSync(join(data, 'cluster.json'))).toBe(true)
    await page.reload()
    await expectPage(page.getByRole('heading', { level: 1 })).toHaveText(/All is well/)
  })
})
