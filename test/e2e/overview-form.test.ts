import { mkdir } from 'node:fs/promises'
import axe from 'axe-core'
import { expect, it } from 'vitest'
import { fixtureNames } from '../../src/renderer/fixtures'
import { at, describePage, expectPage, statusOf } from './page-harness'

describePage('the form of the overview', (open) => {
  it.each([
    [1440, 900],
    [900, 600],
  ])('holds the place of what will come, at %i × %i', async (width, height) => {
    const { page, node } = await open(at('loading'), { viewport: { width, height } })
    const boxes = () =>
      page.locator('.head, .lane, .panel, .place, .wire').evaluateAll((parts) => parts.map((part) => part.getBoundingClientRect().toJSON()))
    await expectPage(page.getByRole('article')).toHaveCount(3)
    const before = await boxes()
    node.become(at('converged'))
    node.push({ type: 'status', status: statusOf('converged') })
    await expectPage(page.getByRole('log').getByRole('listitem')).toHaveCount(10)
    expect(await boxes()).toEqual(before)
  })

  it.each([
    [1440, 900],
    [900, 600],
    [320, 640],
  ])('fits into %i × %i without scrolling sideways', async (width, height) => {
    const { page } = await open(at('error'), { viewport: { width, height } })
    await expectPage(page.getByRole('article')).toHaveCount(3)
    const { scrollWidth, clientWidth } = await page.evaluate(() => document.documentElement)
    expect(scrollWidth).toBe(clientWidth)
  })

  it('follows the theme of the system unless told otherwise', async () => {
    const { page } = await open(at('converged'), { colorScheme: 'dark' })
    const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor)
    expect(await ground()).toBe('rgb(22, 23, 21)')
    await page.evaluate(() => document.documentElement.setAttribute('data-theme', 'light'))
    expect(await ground()).toBe('rgb(246, 246, 244)')
  })

  it('moves nothing for those who asked for less motion', async () => {
    const { page } = await open(at('loading'), { reducedMotion: 'reduce' })
    await expectPage(page.getByRole('article')).toHaveCount(3)
    expect(await page.evaluate(() => document.getAnimations().length)).toBe(0)
  })

  it('is reachable by keyboard, in reading order, with a visible focus', async () => {
    const { page } = await open(at('converged'))
    await expectPage(page.getByRole('log').getByRole('listitem')).toHaveCount(10)
    const reached: string[] = []
    for (let i = 0; i < 3; i++) {
      await page.keyboard.press('Tab')
      reached.push(
        await page.evaluate(() => {
          const focused = document.activeElement
          if (focused === null) return 'nothing'
          return `${focused.getAttribute('role') ?? focused.tagName} ${getComputedStyle(focused).outlineStyle}`
        }),
      )
    }
    expect(reached).toEqual(['A solid', 'BUTTON solid', 'log solid'])
  })

  it('has landmarks, and headings in order', async () => {
    const { page } = await open(at('error'))
    await expectPage(page.getByRole('main')).toHaveCount(1)
    await expectPage(page.getByRole('navigation', { name: 'Pages' })).toHaveCount(1)
    await expectPage(page.getByRole('article')).toHaveCount(3)
    const levels = await page.getByRole('heading').evaluateAll((headings) => headings.map((heading) => Number(heading.tagName.slice(1))))
    expect(levels).toEqual([1, 2, 2, 2, 2, 2, 2])
  })

  it.each(fixtureNames)('meets WCAG 2.2 AA, light and dark: %s', async (name) => {
    const { page } = await open(at(name), { bypassCSP: true, reducedMotion: 'reduce' })
    await expectPage(page.getByText(/just now|\d+ s ago|Start|terminal|Asking/).first()).toBeVisible()
    await page.addScriptTag({ content: axe.source })
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      const { passes, violations } = await page.evaluate(runAxe)
      expect({ colorScheme, violations }).toEqual({ colorScheme, violations: [] })
      expect(passes).toBeGreaterThan(10)
    }
  })

  const posing = process.env.THATDAM_SCREENSHOTS === '1'
  if (posing)
    it('poses for its pictures', async () => {
      await mkdir('docs/screenshots', { recursive: true })
      for (const [width, height] of [
        [1440, 900],
        [900, 600],
      ] as const) {
        for (const colorScheme of ['light', 'dark'] as const) {
          for (const name of ['converged', 'error', 'needs-migration', 'servers', 'not-set-up'] as const) {
            const { page } = await open(at(name), { viewport: { width, height }, colorScheme })
            await expectPage(page.getByText(/s ago|412 GB free/).first()).toBeVisible()
            await page.screenshot({ path: `docs/screenshots/${name}-${width}x${height}-${colorScheme}.png`, animations: 'disabled' })
          }
        }
      }
    })
})

interface AxeResult {
  readonly passes: readonly unknown[]
  readonly violations: readonly { readonly id: string; readonly nodes: readonly { readonly html: string }[] }[]
}

/** Runs in the page, where the script of axe-core has left its global. */
async function runAxe(): Promise<{ passes: number; violations: { id: string; found: string[] }[] }> {
  const { axe } = window as unknown as { axe: { run(options: object): Promise<AxeResult> } }
  const { passes, violations } = await axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })
  return { passes: passes.length, violations: violations.map(({ id, nodes }) => ({ id, found: nodes.map(({ html }) => html) })) }
}
