import { expect, it } from 'vitest'
import type { FixtureName } from '../../src/renderer/fixtures'
import type { BootstrapEvent } from '../../src/shared/events'
import { at, describePage, expectPage, statusOf } from './page-harness'

describePage('the overview in a browser', (open) => {
  it.each<[FixtureName, string]>([
    ['converged', 'All is well. 14 resources are as the profile asks.'],
    ['converging', 'Converging…'],
    ['error', 'Storage is in error.'],
    ['needs-migration', 'Working. 1 resource needs a migration.'],
    ['warnings', 'All is well. 14 resources are as the profile asks.'],
    ['not-set-up', 'Not set up yet.'],
    ['signed-out', 'This browser is not signed in.'],
    ['loading', 'Asking the node how it is…'],
  ])('answers first whether all is right: %s', async (name, sentence) => {
    const { page } = await open(at(name))
    await expectPage(page.getByRole('heading', { level: 1 })).toHaveText(sentence)
  })

  it('obeys its content security policy and reports nothing to the console', async () => {
    const { page, complaints } = await open(at('converged'))
    await expectPage(page.getByRole('log').getByRole('listitem')).toHaveCount(10)
    await page.getByRole('button', { name: 'Check now' }).click()
    await expectPage(page.getByRole('status')).toHaveText('Checked. Nothing had to change.')
    expect(complaints).toEqual([])
  })

  it('says in which state each port is, since when and by which adapter', async () => {
    const { page } = await open(at('converged'))
    for (const [label, adapter] of [
      ['Storage', 'fs'],
      ['Messages', 'inproc'],
      ['Index', 'mem'],
    ] as const) {
      const lane = page.getByRole('article', { name: label })
      await expectPage(lane.getByText('ok', { exact: true })).toBeVisible()
      await expectPage(lane.getByText(`adapter ${adapter}`)).toBeVisible()
      await expectPage(lane.getByText('no external configured')).toBeVisible()
      await expectPage(lane.getByText('applied 2 min ago')).toBeVisible()
    }
  })

  it('shows the exact time of every relative one on hover', async () => {
    const { page } = await open(at('converged'))
    await expectPage(page.getByRole('log').getByRole('listitem')).toHaveCount(10)
    const titles = await page.locator('time').evaluateAll((times) => times.map((time) => time.getAttribute('title')))
    expect(titles.length).toBeGreaterThan(10)
    for (const title of titles) expect(title).toMatch(/^\d{1,2} \w{3} \d{4}, \d\d:\d\d:\d\d$/)
  })

  it('lets relative times grow', async () => {
    const { page } = await open(at('converging'))
    await expectPage(page.getByText(/not converged for ([5-9]|\d\d) s/)).toBeVisible()
  })

  it('says what is wrong, where, and what to do', async () => {
    const { page } = await open(at('error'))
    const list = page.getByRole('list', { name: 'What to look at in Storage' })
    await expectPage(list).toContainText('bucket media-raw: no space left on the disk of /home/ada/ThatDAM/storage')
    await expectPage(list).toContainText('Free some space; the node then goes on by itself.')
    await expectPage(page.getByText('Services wait until storage, messages and index are in order.')).toBeVisible()
  })

  it('shows warnings in a place of their own, to which the head of the page leads', async () => {
    const { page } = await open(at('warnings'))
    const warnings = page.getByRole('region', { name: 'Warnings' })
    await expectPage(warnings).toContainText('nobody has installed it on this computer')
    await expectPage(page.getByRole('region', { name: 'Services' })).not.toContainText('nobody has installed it')
    await page.getByRole('link', { name: '1 warning' }).click()
    await expectPage(warnings).toBeInViewport()
    const { page: calm } = await open(at('converged'))
    await expectPage(calm.getByRole('heading', { level: 1 })).toHaveText(/^All is well/)
    await expectPage(calm.getByRole('region', { name: 'Warnings' })).toHaveCount(0)
  })

  it('explains a change that cannot be added', async () => {
    const { page } = await open(at('needs-migration'))
    const list = page.getByRole('list', { name: 'What to look at in Index' })
    await expectPage(list).toContainText('Segment/start: is of type text, and the profile asks for number')
    await expectPage(list).toContainText('It stays as it is')
  })

  it('follows the node as it goes on', async () => {
    const { page, node } = await open(at('converging'))
    await expectPage(page.getByRole('heading', { level: 1 })).toHaveText('Converging…')
    node.push({ type: 'event', event: someEvent(1) })
    node.push({ type: 'status', status: statusOf('converged') })
    await expectPage(page.getByRole('heading', { level: 1 })).toHaveText('All is well. 14 resources are as the profile asks.')
    await expectPage(page.getByRole('log').getByRole('listitem').first()).toContainText('bucket number-1 created')
    await expectPage(page).toHaveTitle('All is well. 14 resources are as the profile asks · ThatDAM')
  })

  it('draws a burst of a thousand events and keeps the newest', async () => {
    const { page, node } = await open(at('converged'))
    await expectPage(page.getByRole('log').getByRole('listitem')).toHaveCount(10)
    for (let n = 1; n <= 1000; n++) node.push({ type: 'event', event: someEvent(n) })
    const rows = page.getByRole('log').getByRole('listitem')
    await expectPage(rows.first()).toContainText('bucket number-1000 created')
    await expectPage(rows).toHaveCount(200)
  })

  it('checks when asked, shows that it does, keeps the focus and says what it came to', async () => {
    const { page, node } = await open(at('error'))
    const release = node.holdApply()
    await page.getByRole('button', { name: 'Check now' }).focus()
    await page.keyboard.press('Enter')
    const running = page.getByRole('button', { name: 'Checking…' })
    await expectPage(running).toHaveAttribute('aria-disabled', 'true')
    await page.keyboard.press('Enter')
    release()
    const button = page.getByRole('button', { name: 'Check now' })
    await expectPage(button).toBeFocused()
    await expectPage(page.getByRole('status')).toContainText('no space left on the disk')
    expect(node.calls.filter((call) => call === 'apply')).toHaveLength(1)
  })

  it('says so when the node goes away, keeps what it said, and comes back by itself', async () => {
    const { page, node } = await open(at('converged'))
    await expectPage(page.getByRole('log').getByRole('listitem')).toHaveCount(10)
    node.goAway()
    await expectPage(page.getByRole('alert')).toHaveText('The node does not answer; trying again.')
    await expectPage(page.getByRole('heading', { level: 1 })).toHaveText('Last heard: All is well. 14 resources are as the profile asks.')
    await expectPage(page.getByRole('log').getByRole('listitem')).toHaveCount(10)
    await expectPage(page.getByRole('button', { name: 'Check now' })).toHaveAttribute('aria-disabled', 'true')
    node.become(at('error'))
    node.comeBack()
    await expectPage(page.getByRole('heading', { level: 1 })).toHaveText('Storage is in error.')
    await expectPage(page.getByRole('alert')).toHaveCount(0)
  })

  it('tries again at once when asked', async () => {
    const { page, node } = await open(at('converged'))
    await expectPage(page.getByRole('article')).toHaveCount(3)
    node.goAway()
    const again = page.getByRole('button', { name: 'Try now' })
    await again.waitFor()
    node.comeBack()
    await again.click()
    await expectPage(again).toHaveCount(0)
  })

  it('shows what starting would make, starts, and goes on to the overview', async () => {
    const { page, node } = await open(at('not-set-up'))
    await expectPage(page.getByRole('region', { name: 'Starting will make' })).toContainText(
      '3 buckets artifacts, media-derivatives, media-raw',
    )
    await expectPage(page.getByText('in /home/ada/ThatDAM, 412 GB free')).toBeVisible()
    await page.getByRole('button', { name: 'Start' }).click()
    await expect.poll(() => node.calls).toContain('start')
    node.become(at('converged'))
    node.push({ type: 'status', status: statusOf('converged') })
    await expectPage(page.getByRole('heading', { level: 1 })).toHaveText('All is well. 14 resources are as the profile asks.')
    await expectPage(page.getByRole('main')).toBeFocused()
    await expectPage(page.getByRole('log').getByRole('listitem')).toHaveCount(10)
  })

  it('tells a browser that is not signed in how to sign in, and leaves the node alone then', async () => {
    const { page, node } = await open(at('signed-out'))
    await expectPage(page.getByText('Run thatdam up in a terminal')).toBeVisible()
    expect(node.calls).toEqual([])
  })
})

function someEvent(n: number): BootstrapEvent {
  return {
    event_id: `9${String(n).padStart(7, '0')}`,
    node_id: 'node',
    component: 'storage',
    action: 'create',
    status: 'ok',
    message: `bucket number-${n} created (missing)`,
    generation: 'g',
    at: new Date().toISOString(),
    idempotency_key: 'k',
  }
}
