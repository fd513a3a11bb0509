/** Services stand in a plan from the start; until this node manages them, their rows say `none` and nothing is applied. */
import type { Planner } from './declaration'

export const servicesPlanner: Planner = {
  component: 'services',
  backend: 'embedded',
  async plan(profile) {
    return Object.keys(profile.spec.services).map((name) => ({
      component: 'services',
      backend: 'embedded',
      kind: 'service',
      name,
      action: 'none',
      reason: 'services are not managed by this version',
    }))
  },
}
