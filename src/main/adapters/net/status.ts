/** What a status of HTTP says that means the same whichever server sends it, in a person's words. */
import { asSubject, type Place } from './trouble'

/** Without a full stop: what to correct differs. */
export function redirected(place: Place, status: number, location: string | undefined): string {
  const to = location === undefined ? 'elsewhere' : `to ${withoutSecrets(location)}`
  return `${asSubject(place)} redirects ${to} (status ${status}), which is not followed`
}

/** For 429 and what begins with 5. `said`: the server's own words, where it had any. */
export function notReady(place: Place, status: number, said: string | undefined): string {
  const detail = said === undefined || said === '' ? '' : `, ${said.replace(/\.$/, '')}`
  return `${asSubject(place)} is not ready, or has too much to do (status ${status}${detail}): try again in a moment, and look at its log if it stays so.`
}

/** A place to go to can hold a password or a token. What is no address of its own is a path on the same server. */
function withoutSecrets(location: string): string {
  const url = URL.parse(location)
  return url === null ? (location.split(/[?#]/)[0] ?? '') : `${url.protocol}//${url.host}${url.pathname}`
}
