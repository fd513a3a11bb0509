/** When a 404 of the management API means that a thing is not there. */
import { createServer } from 'node:http'
import { expect, it, onTestFinished } from 'vitest'
import { brokerAt, managementAt } from '../../../../../src/main/adapters/bus-rabbitmq/address'
import { type Management, openManagement } from '../../../../../src/main/adapters/bus-rabbitmq/management'

const never = new AbortController().signal

/** A server that answers 404 with this body, and 200 to whoever asks for one of these paths. */
async function missingAll(body: string, ...known: readonly string[]): Promise<Management> {
  const server = createServer((request, response) => {
    if (known.includes(request.url ?? '')) response.end('{}')
    else response.writeHead(404).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  const management = openManagement(managementAt(`http://127.0.0.1:${port}`, brokerAt('amqp://ada:secret@broker')), 20_000, undefined)
  onTestFinished(async () => {
    management.close()
    await new Promise((resolve) => server.close(resolve))
  })
  return management
}

const words = JSON.stringify({ error: 'Object Not Found', reason: 'Not Found' })

it('what RabbitMQ says in its own words is not there is not there', async () => {
  const management = await missingAll(words)
  expect(await management.get('/vhosts/media', never)).toBeUndefined()
  await management.remove('/policies/media/p', never)
})

it('what is said to be missing in other words is missing where the rest of the API is there', async () => {
  const management = await missingAll('', '/api/overview')
  expect(await management.get('/vhosts/media', never)).toBeUndefined()
})

it.each(['', JSON.stringify({ message: 'no Route matched' })])('a server that knows no path, and says %j, is not the API', async (body) => {
  const management = await missingAll(body)
  const stranger = { code: 'unavailable', message: expect.stringMatching(/^What answers at .* is not the management API of RabbitMQ.*404/) }
  await expect(management.get('/vhosts/media', never)).rejects.toMatchObject(stranger)
  await expect(management.put('/vhosts/media', {}, never)).rejects.toMatchObject(stranger)
  await expect(management.remove('/policies/media/p', never)).rejects.toMatchObject(stranger)
})
