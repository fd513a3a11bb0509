import { eventBusConformance } from '../../conformance/event-bus'
import { describeWith } from '../../support/servers'
import { makeHarness } from './bus-rabbitmq-harness'

describeWith('rabbitmq', 'bus-rabbitmq', (address) => {
  eventBusConformance('bus-rabbitmq with the management API', () => makeHarness(address, { management: true }))
  eventBusConformance('bus-rabbitmq without the management API', () => makeHarness(address, { management: false }))
})
