/** What the commands use of the host. Each part is loaded when a command first needs it: `--help` opens nothing. */
import type { attach, attachRunning } from '../host/attach'
import type { loadConfig } from '../host/config'
import type { createLog } from '../host/logging'
import type { runNode } from '../host/run'

export interface Host {
  readonly loadConfig: typeof loadConfig
  readonly attach: typeof attach
  readonly attachRunning: typeof attachRunning
  readonly runNode: typeof runNode
  createLog(...options: Parameters<typeof createLog>): Promise<ReturnType<typeof createLog>>
}

export const lazyHost: Host = {
  loadConfig: async (input) => (await import('../host/config')).loadConfig(input),
  attach: async (config) => (await import('../host/attach')).attach(config),
  attachRunning: async (config) => (await import('../host/attach')).attachRunning(config),
  runNode: async (config, options) => (await import('../host/run')).runNode(config, options),
  createLog: async (options) => (await import('../host/logging')).createLog(options),
}
