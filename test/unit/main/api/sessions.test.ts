import { expect, it } from 'vitest'
import { createSessions } from '../../../../src/main/api/sessions'

const minute = 60_000
const day = 24 * 60 * minute

function at(start: number, { port = 7717, key = 1 } = {}) {
  const clock = { now: start }
  return { clock, sessions: createSessions({ key: new Uint8Array(32).fill(key), port: () => port, now: () => clock.now }) }
}

/** What a browser sends back of a `Set-Cookie`. */
const sent = (cookie: string) => cookie.split(';')[0] ?? ''

it('a code works once', () => {
  const { sessions } = at(0)
  const code = sessions.issueCode()
  expect(sessions.redeem(code)).toBe(true)
  expect(sessions.redeem(code)).toBe(false)
})

it('a code works within ten minutes', () => {
  const { clock, sessions } = at(0)
  const early = sessions.issueCode()
  const late = sessions.issueCode()
  clock.now = 10 * minute - 1
  expect(sessions.redeem(early)).toBe(true)
  clock.now = 10 * minute
  expect(sessions.redeem(late)).toBe(false)
})

it('no code works that was not issued, and each is another', () => {
  const { sessions } = at(0)
  const codes = [sessions.issueCode(), sessions.issueCode()]
  expect(new Set(codes).size).toBe(2)
  for (const guess of ['', 'x', `${codes[0]} `, 'A'.repeat(43)]) expect(sessions.redeem(guess)).toBe(false)
})

it('of many unused codes the newest 20 work', () => {
  const { sessions } = at(0)
  const codes = Array.from({ length: 25 }, () => sessions.issueCode())
  expect(codes.map((code) => sessions.redeem(code))).toEqual([...Array(5).fill(false), ...Array(20).fill(true)])
})

it('a cookie is for scripts and foreign pages out of reach, and names the port', () => {
  const { sessions } = at(1_000_000_000_000)
  expect(sessions.cookie()).toMatch(/^thatdam-7717=v1\.1002592000\.[\w-]{43}; Path=\/; Max-Age=2592000; HttpOnly; SameSite=Strict$/)
})

it('a cookie signs in for 30 days', () => {
  const { clock, sessions } = at(5 * minute)
  const cookie = sent(sessions.cookie())
  clock.now += 30 * day - 1
  expect(sessions.recognises(cookie)).toBe(true)
  clock.now += 1
  expect(sessions.recognises(cookie)).toBe(false)
})

it('a cookie that was tampered with signs nobody in', () => {
  const { sessions } = at(0)
  const cookie = sent(sessions.cookie())
  const [name, value = ''] = cookie.split('=')
  const [version, expiry, proof] = value.split('.')
  const forgeries = [
    `${name}=${version}.${Number(expiry) + 1}.${proof}`,
    `${name}=${version}.${expiry}.${proof?.slice(1)}`,
    `${name}=${version}.${expiry}.`,
    `${name}=${version}.${expiry}`,
    `${name}=v2.${expiry}.${proof}`,
    `${name}=${value}.more`,
    `${name}=`,
    `other=${value}`,
    '',
  ]
  for (const forgery of forgeries) expect(sessions.recognises(forgery)).toBe(false)
  expect(sessions.recognises(undefined)).toBe(false)
  expect(sessions.recognises(cookie)).toBe(true)
})

it('a cookie of another port or another key signs nobody in', () => {
  const cookie = sent(at(0).sessions.cookie())
  expect(at(0, { key: 2 }).sessions.recognises(cookie)).toBe(false)
  const elsewhere = at(0, { port: 7718 }).sessions
  expect(elsewhere.recognises(cookie)).toBe(false)
  expect(elsewhere.recognises(cookie.replace('7717', '7718'))).toBe(false)
})

it('a good cookie is found beside a bad one of the same name', () => {
  const { sessions } = at(0)
  const cookie = sent(sessions.cookie())
  expect(sessions.recognises(`thatdam-7717=old; ${cookie}; theme=dark`)).toBe(true)
})
