/** Many objects at once, each with its own outcome. */
import { PortError } from '../../../shared/errors'
import { parallel } from '../../core/parallel'
import type { VectorIndex, VectorObject } from '../../core/ports/vector-index'
import type { Classes } from './classes'
import type { Call } from './connection'
import { encode, type WeaviateObject } from './objects'
import type { WeaviateClass } from './schema'
import { checkObject, makeReady, objectError, partsOf, sendPart } from './write'

type Outcomes = Awaited<ReturnType<VectorIndex['batch']>>

interface Item {
  /** Where the object stands among those that were given; of several with one id, all of theirs. */
  readonly places: readonly number[]
  readonly id: string
  readonly sent: WeaviateObject
}

/** Parts on their way at once: the server reads one while it writes another. */
const lanes = 2

export async function sendBatch(call: Call, classes: Classes, className: string, objects: readonly VectorObject[]): Promise<Outcomes> {
  const outcomes: Outcomes[number][] = objects.map(({ id }) => ({ id }))
  const refuse = (place: number, id: string, { code, message }: PortError) => {
    outcomes[place] = { id, error: { code, message } }
  }

  const info = await pinned(call, classes, await classes.require(call, className), objects)
  const items = new Map<string, Item>()
  for (const [place, object] of objects.entries()) {
    try {
      checkObject(info, object)
      const sent = encode(info, object)
      const key = `${sent.id} ${object.tenant ?? ''}`
      // Of two with one id the last wins; it has to be alone, since parts go side by side. Its outcome is that of both.
      const places = [...(items.get(key)?.places ?? []), place]
      items.set(key, { places, id: object.id, sent })
    } catch (error) {
      if (!(error instanceof PortError)) throw error
      refuse(place, object.id, error)
    }
  }
  const left = [...items.values()]
  if (left.length === 0) return outcomes
  await makeReady(
    call,
    classes,
    info,
    info.dimension ?? 0,
    left.map(({ sent }) => sent),
  )
  await parallel(partsOf(left), lanes, async (part) => {
    const answers = await sendPart(
      call,
      part.map(({ sent }) => sent),
    )
    for (const [position, { places, id, sent }] of part.entries()) {
      const refusal = answers[position]
      if (refusal === undefined) continue
      for (const place of places) refuse(place, id, objectError(refusal, sent, id))
    }
    return true
  })
  return outcomes
}

/** The first object that fits decides the length of a class that has none yet. */
async function pinned(call: Call, classes: Classes, info: WeaviateClass, objects: readonly VectorObject[]): Promise<WeaviateClass> {
  if (info.dimension !== null) return info
  const first = objects.find((object) => fits(info, object))
  return first === undefined ? info : makeReady(call, classes, info, first.vector.length, [])
}

function fits(info: WeaviateClass, object: VectorObject): boolean {
  try {
    checkObject(info, object)
    return true
  } catch (error) {
    if (error instanceof PortError) return false
    throw error
  }
}
