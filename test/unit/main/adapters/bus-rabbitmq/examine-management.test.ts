/** What is said of the rights of a user of the management API, by its tags. */
import { expect, it } from 'vitest'
import { brokerAt, managementAt } from '../../../../../src/main/adapters/bus-rabbitmq/address'
import { managementFindings } from '../../../../../src/main/adapters/bus-rabbitmq/examine-management'
import type { Management } from '../../../../../src/main/adapters/bus-rabbitmq/management'

const never = new AbortController().signal

/** A management API that is well, and in which the user has these tags. */
function apiFor(tags: unknown): Management {
  const unasked = () => Promise.reject(new TypeError('nothing is changed by a look'))
  return {
    address: managementAt('http://broker:15672', brokerAt('amqp://ada:secret@broker')),
    ask: async (_method, path) => ({
      status: 200,
      location: undefined,
      date: undefined,
      text: '',
      body: path === '/whoami' ? { name: 'ada', tags } : {},
    }),
    get: async () => [],
    put: unasked,
    remove: unasked,
    close() {},
  }
}

it.each([
  [[], 'look at the vhosts in which it has rights', 'it has no tags.'],
  ['', 'look at the vhosts in which it has rights', 'it has no tags.'],
  [['management'], 'look at the vhosts in which it has rights', 'it has the tag management.'],
  ['management,monitoring', 'look at every vhost', 'it has the tags management, monitoring.'],
])('a user with the tags %j may %s: %s', async (tags, sees, has) => {
  const { findings } = await managementFindings({ management: apiFor(tags), vhost: '/', now: () => 0, signal: never })
  const { message = '' } = findings.find(({ name }) => name === 'rights') ?? {}
  expect(message).toContain(sees)
  expect(message.endsWith(has)).toBe(true)
})

it.each([[['policymaker']], ['administrator']])('of a user with the tags %j nothing is lacking', async (tags) => {
  const { findings } = await managementFindings({ management: apiFor(tags), vhost: '/', now: () => 0, signal: never })
  expect(findings.filter(({ ok }) => !ok)).toEqual([])
})
