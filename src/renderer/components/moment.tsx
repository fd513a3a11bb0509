/** Times: relative, so that they mean something at a glance, with the exact time on hover. */
import { ago, duration, exact, machine } from '../words/time'
import { useModelStore } from './model-context'

interface MomentProps {
  /** ISO 8601. */
  readonly at: string
}

/** "12 s ago" */
export function Ago({ at }: MomentProps) {
  const time = Date.parse(at)
  const text = useModelStore(
    (model) => model.clock,
    ({ now }) => ago(time, now),
  )
  return <Moment time={time} text={text} />
}

/** "12 s": how long something has been so. */
export function HowLong({ at }: MomentProps) {
  const time = Date.parse(at)
  const text = useModelStore(
    (model) => model.clock,
    ({ now }) => duration(now - time),
  )
  return <Moment time={time} text={text} />
}

function Moment({ time, text }: { readonly time: number; readonly text: string }) {
  return (
    <time dateTime={machine(time)} title={exact(time)}>
      {text}
    </time>
  )
}
