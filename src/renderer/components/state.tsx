/** A state as a colour, an icon and a word, so that none of the three is needed to tell. */
import { CircleCheck, CircleX, Hourglass, type LucideIcon, RefreshCw, TriangleAlert } from 'lucide-react'
import type { StateWord, Tone } from '../words/component'

const icons: Readonly<Record<Tone, LucideIcon>> = {
  ok: CircleCheck,
  work: RefreshCw,
  warn: TriangleAlert,
  bad: CircleX,
  quiet: Hourglass,
}

export function ToneIcon({ tone, size = 16 }: { readonly tone: Tone; readonly size?: number }) {
  const Icon = icons[tone]
  return <Icon className={`tone-icon is-${tone}`} size={size} strokeWidth={1.75} aria-hidden="true" />
}

export function StateChip({ tone, word }: StateWord) {
  return (
    <span className={`chip is-${tone}`}>
      <ToneIcon tone={tone} size={14} />
      {word}
    </span>
  )
}
