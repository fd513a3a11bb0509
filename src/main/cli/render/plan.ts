/** A plan as a person reads it: what would happen, component by component, and one line that sums it up. */
import { components } from '../../../shared/component'
import { type Action, type Change, isUncertain, type Plan, type PlanSummary, wantsItsName } from '../../../shared/plan'
import { columns, count, lines, oneLine, type Paint, type Style } from './text'

const marks: Readonly<Record<Action, { readonly mark: string; readonly style: Style }>> = {
  create: { mark: '+', style: 'green' },
  update: { mark: '~', style: 'yellow' },
  none: { mark: '=', style: 'dim' },
  'needs-migration': { mark: '!', style: 'red' },
  destroy: { mark: '-', style: 'red' },
}

/** What a row is marked with where nobody can say that the world is as it says. */
const uncertain = { mark: '?', style: 'yellow' } as const

/** What was typed after `thatdam plan`, so far as the command that follows from it must say it again. */
interface Typed {
  readonly file?: string | undefined
  readonly data?: string | undefined
}

export function renderPlan(plan: Plan, paint: Paint, typed: Typed = {}): string {
  return lines(...renderChanges(plan.changes, paint), planLine(plan), ...howToDestroy(plan, typed))
}

/** The one command that carries out what a plan destroys. */
function howToDestroy({ hash, summary, changes, errors }: Plan, { file, data }: Typed): string[] {
  if (summary.destroy === 0) return []
  if (errors.length > 0)
    return ['', 'What would be destroyed can be carried out once everything can be looked at: the plan must be seen whole.']
  const options = [
    ...(file === undefined ? [] : ['-f', shellWord(file)]),
    '--acknowledge',
    hash,
    // Written with `=`, since a name may begin with a dash.
    ...changes.filter(wantsItsName).map(({ name }) => `--confirm=${shellWord(name)}`),
    ...(data === undefined ? [] : ['--data', shellWord(data)]),
  ]
  return ['', 'What is destroyed is gone for good. To carry out this plan, exactly as it stands:', `  thatdam apply ${options.join(' ')}`]
}

/** A word that a shell reads back as it was. */
function shellWord(text: string): string {
  if (/^[\w./:@%+=-]+$/.test(text)) return text
  if (oneLine(text) === text) return `'${text.replaceAll("'", "'\\''")}'`
  return `$'${oneLine(text.replace(/[\\']/g, '\\$&'))}'`
}

/** Rows under the name of their component, in the order of a pass, an empty line after each group. Rows that are already so, beyond doubt, are only counted. */
export function renderChanges(changes: readonly Change[], paint: Paint): string[] {
  return components.flatMap((component) => {
    const own = changes.filter((change) => change.component === component)
    if (own.length === 0) return []
    const rows = own.filter((change) => change.action !== 'none' || isUncertain(change))
    const alreadySo = own.length - rows.length
    return [
      paint('bold', component),
      ...renderRows(rows, paint),
      ...(alreadySo === 0 ? [] : [paint(marks.none.style, `  ${marks.none.mark} ${alreadySo} already so`)]),
      '',
    ]
  })
}

function renderRows(rows: readonly Change[], paint: Paint): string[] {
  const table = columns(
    rows.map(({ kind, name, backend, reason, enforced }) => [
      kind,
      `${oneLine(name)}${backend === 'external' ? ' (external)' : ''}`,
      `${enforced === false ? 'not enforced: ' : ''}${oneLine(reason)}`,
    ]),
  )
  return rows.map((row, i) => {
    const { mark, style } = isUncertain(row) ? uncertain : marks[row.action]
    return `  ${paint(style, mark)} ${table[i] ?? ''}`
  })
}

/** The summary, and that it is not of everything where something could not be looked at. */
function planLine({ summary, errors }: Plan): string {
  if (errors.length === 0) return summaryLine(summary)
  const parts = summaryParts(summary)
  const unseen = [...new Set(errors.map(({ component }) => component))].join(', ')
  return `${parts.length === 0 ? 'Nothing to do' : parts.join(', ')}, so far as can be seen: ${unseen} could not be looked at.`
}

/** `3 to create, 1 to update, 12 already so`: what there is none of is left out. */
export function summaryLine(summary: PlanSummary): string {
  const { create, update, destroy, needs_migration: migrations, none } = summary
  const parts = summaryParts(summary)
  if (parts.length === 0) return 'Nothing to do: the profile asks for nothing.'
  if (create + update + destroy + migrations === 0) return `Nothing to do: ${count(none, 'resource')} already so.`
  return parts.join(', ')
}

function summaryParts(summary: PlanSummary): readonly string[] {
  const { create, update, destroy, needs_migration: migrations, none } = summary
  return [
    ...(create === 0 ? [] : [`${create} to create`]),
    ...(update === 0 ? [] : [`${update} to update`]),
    ...(destroy === 0 ? [] : [`${destroy} to destroy`]),
    ...(migrations === 0 ? [] : [`${migrations} ${migrations === 1 ? 'needs' : 'need'} a migration`]),
    ...(none === 0 ? [] : [`${none} already so`]),
  ]
}
