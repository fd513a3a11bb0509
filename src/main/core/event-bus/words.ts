/** How messages to people name what a broker has. */
import { PortError } from '../../../shared/errors'

export function exchangeIn(vhost: string, name: string): string {
  return `Exchange ${JSON.stringify(name)} in vhost ${JSON.stringify(vhost)}`
}

export function queueIn(vhost: string, name: string): string {
  return `Queue ${JSON.stringify(name)} in vhost ${JSON.stringify(vhost)}`
}

export function missing(resource: string): PortError {
  return new PortError('not-found', `${resource} does not exist.`)
}
