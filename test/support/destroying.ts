/** A node on plain data, asked what it would destroy. */
import { planAll, type Wish } from '../../src/main/core/reconcile/looking'
import type { Change } from '../../src/shared/plan'
import { type engineOn, never } from './engine'
import { wish } from './wish'

export function profile(storage: string, broker = '{}', classes = '[]'): Wish {
  return wish(`
apiVersion: thatdam/v1
kind: EnvironmentProfile
metadata: { name: destroy }
spec:
  storage: { buckets: ${storage} }
  broker: ${broker}
  indices: { weaviate: { classes: ${classes} } }
`)
}

type Node = ReturnType<typeof engineOn>

export const planned = (node: Node, wanted: Wish, destructive: boolean) => planAll(node.planners, wanted, { destructive }, never)
const told = ({ action, kind, name }: Change) => `${action} ${kind} ${name}`
export const actions = async (node: Node, wanted: Wish, destructive: boolean) =>
  (await planned(node, wanted, destructive)).changes.filter(({ action }) => action !== 'none').map(told)

export async function destroyed(node: Node, wanted: Wish) {
  const { hash } = await planned(node, wanted, true)
  return node.pass(wanted, { force: true, leave: node.leaveFor(hash) })
}
