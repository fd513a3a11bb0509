import { describe, expect, it } from 'vitest'
import { renderPlan, summaryLine } from '../../../../../src/main/cli/render/plan'
import { createPaint } from '../../../../../src/main/cli/render/text'
import { type Change, planOf } from '../../../../../src/shared/plan'
import { change, plan } from '../samples'

const plain = createPaint(false)

describe('a plan in text', () => {
  it('says that it is not of everything where something could not be looked at, and what to wait for before anything is destroyed', () => {
    const errors = [{ component: 'index', code: 'unavailable', message: 'away' }] as const
    expect(renderPlan(planOf('g', [change()], errors), plain)).toBe(
      'storage\n  + bucket  media-raw  not there yet\n\n1 to create, so far as can be seen: index could not be looked at.\n',
    )
    expect(renderPlan(planOf('g', [], errors), plain)).toBe('Nothing to do, so far as can be seen: index could not be looked at.\n')
    const text = renderPlan(planOf('g', [change({ action: 'destroy' })], errors), plain)
    expect(text).toContain('the plan must be seen whole')
    expect(text).not.toContain('--acknowledge')
  })

  it('groups rows by component in the order of a pass, marks them, and only counts those that are already so', () => {
    const text = renderPlan(
      plan(
        change({
          component: 'index',
          kind: 'property',
          name: 'Segment/start',
          action: 'needs-migration',
          reason: 'is text, asked for number',
        }),
        change({ component: 'broker', kind: 'exchange', name: 'overlay', action: 'none', reason: '' }),
        change({ component: 'broker', kind: 'queue', name: 'ingest', action: 'none', reason: '' }),
        change({ kind: 'bucket', name: 'media-raw', reason: 'not there yet' }),
        change({ kind: 'tag', name: 'media-raw/owner', action: 'update', reason: 'is "a", asked for "b"' }),
        change({ kind: 'bucket', name: 'old', action: 'none', reason: '' }),
      ),
      plain,
    )
    expect(text).toBe(
      [
        'storage',
        '  + bucket  media-raw        not there yet',
        '  ~ tag     media-raw/owner  is "a", asked for "b"',
        '  = 1 already so',
        '',
        'broker',
        '  = 2 already so',
        '',
        'index',
        '  ! property  Segment/start  is text, asked for number',
        '',
        '1 to create, 1 to update, 1 needs a migration, 3 already so',
        '',
      ].join('\n'),
    )
  })

  it('names the backend of a row that concerns the external one', () => {
    expect(renderPlan(plan(change({ backend: 'external' })), plain)).toContain('+ bucket  media-raw (external)')
  })

  it('shows what a server cannot enforce or show, though there is nothing to do about it', () => {
    const rule = change({
      kind: 'lifecycle-rule',
      name: 'media-raw/tmp',
      action: 'none',
      reason: 'the server has no lifecycle rules',
      enforced: false,
    })
    const binding = change({ component: 'broker', kind: 'binding', name: 'a -> b', action: 'none', reason: 'taken to stand', seen: false })
    const text = renderPlan(plan(rule, binding, change({ action: 'none' })), plain)
    expect(text).toContain('  ? lifecycle-rule  media-raw/tmp  not enforced: the server has no lifecycle rules\n  = 1 already so\n')
    expect(text).toContain('  ? binding  a -> b  taken to stand\n')
  })

  it('marks what would be destroyed', () => {
    expect(renderPlan(plan(change({ action: 'destroy' })), plain)).toContain('  - bucket  media-raw')
  })

  it('gives the one command that carries out what it destroys, as a shell reads it', () => {
    const held = (part: Partial<Change>) => change({ action: 'destroy', before: {}, loses: { count: 1, bytes: 1 }, ...part })
    const found = plan(
      held({ name: 'media-raw' }),
      held({ name: 'empty', loses: { count: 0, bytes: 0 } }),
      held({ component: 'broker', kind: 'queue', name: "-it's" }),
      held({ component: 'broker', kind: 'queue', name: 'a\tb' }),
      held({ component: 'broker', kind: 'queue-policy', name: 'q', after: {} }),
    )
    expect(renderPlan(found, plain, { file: 'my profile.yaml', data: '/d' })).toContain(
      `  thatdam apply -f 'my profile.yaml' --acknowledge ${found.hash} --confirm='-it'\\''s' --confirm=$'a\\tb' --confirm=media-raw --data /d\n`,
    )
    expect(renderPlan(plan(change()), plain)).not.toContain('--acknowledge')
  })

  it('lets no control or direction character of a name reach the terminal', () => {
    const text = renderPlan(plan(change({ name: 'a\u001b[2J\nb\u202ec' })), plain)
    expect(text).toContain('a\\u001b[2J\\nb\\u202ec')
  })

  it('colours the marks where colours are wanted', () => {
    expect(renderPlan(plan(change()), createPaint(true))).toContain('\u001b[32m+\u001b[39m')
  })
})

describe('the summary of a plan', () => {
  const none = { create: 0, update: 0, none: 0, needs_migration: 0, destroy: 0 }
  it.each([
    ['3 to create, 1 to update, 12 already so', { ...none, create: 3, update: 1, none: 12 }],
    ['2 to destroy, 2 need a migration', { ...none, destroy: 2, needs_migration: 2 }],
    ['Nothing to do: 12 resources already so.', { ...none, none: 12 }],
    ['Nothing to do: 1 resource already so.', { ...none, none: 1 }],
    ['Nothing to do: the profile asks for nothing.', none],
  ])('says "%s"', (sentence, summary) => {
    expect(summaryLine(summary)).toBe(sentence)
  })
})
