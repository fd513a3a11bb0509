/** Addresses of servers as a person configures them: what is wrong with one is said before anything is opened, without repeating it, since it may hold a password. */
import { UserError } from '../../shared/errors'

export interface AddressRules {
  /** With their `://`. */
  readonly schemes: readonly [string, ...string[]]
  /** One that would do, for the hint. */
  readonly example: string
  /** Whether a path may follow the host. */
  readonly path: boolean
  /** Where user and password go instead; absent where they may stand in the address. */
  readonly secretsGo?: string
}

/** `source` is what a person calls the value: a variable, or a file and its field. Throws a `UserError` that names it. */
export function parseAddress(text: string, source: string, rules: AddressRules): URL {
  const fault = (what: string, hint = `Give an address such as ${rules.example}.`) =>
    new UserError('invalid-setting', `${source} ${what}.`, { hint })
  refuseEmpty(text, source, `Give an address such as ${rules.example}`)
  if (/[\s\p{Cc}]/u.test(text)) throw fault('has white space in it')
  if (!rules.schemes.some((scheme) => text.toLowerCase().startsWith(scheme)))
    throw fault(`does not begin with ${rules.schemes.join(' or ')}`)
  const url = URL.parse(text)
  if (url === null) throw fault('is not an address')
  if (url.hostname === '') throw fault('names no host')
  if (rules.secretsGo !== undefined && (url.username !== '' || url.password !== '')) {
    throw fault('has a user or password in it, which do not belong there', `${rules.secretsGo}`)
  }
  if (url.search !== '' || url.hash !== '' || /[?#]/.test(text)) {
    throw fault('has something after a ? or #', `Leave it out; in a password write %3F and %23. Give an address such as ${rules.example}.`)
  }
  if (!rules.path && url.pathname !== '' && url.pathname !== '/') throw fault('has a path after the host')
  return url
}

/** Throws a `UserError` where a value is there and says nothing: what was to be filled in was not, and to go on without it would surprise. */
export function refuseEmpty(text: string, source: string, give: string): void {
  if (text.trim() !== '') return
  throw new UserError('invalid-setting', `${source} is empty.`, { hint: `${give}, or unset it.` })
}

const usualPorts: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443', 'amqp:': '5672', 'amqps:': '5671' }

/** The server that an address leads to, in the same spelling whatever else the address says and leaves out. */
export function serverOf({ protocol, hostname, port }: URL): string {
  return `${protocol}//${hostname.toLowerCase()}:${port === '' ? usualPorts[protocol] : port}`
}

/** The address as it may be shown to anybody: scheme, host, port and path. */
export function shownAddress({ protocol, host, pathname }: URL): string {
  return `${protocol}//${host}${pathname.replace(/\/+$/, '')}`
}
