/** The four parts of an environment, in the order in which a pass reconciles them. */
import { z } from 'zod'

export const components = ['storage', 'broker', 'index', 'services'] as const
export const componentSchema = z.enum(components)
export type Component = z.infer<typeof componentSchema>

/** The components that stand on a port of their own. */
export const portComponents = ['storage', 'broker', 'index'] as const
export type PortComponent = (typeof portComponents)[number]
