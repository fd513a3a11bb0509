/** A RabbitMQ server of the bench's own, where one is installed, and what raw amqplib gets out of it. */
import amqp from 'amqplib'
import { createInstance, recipes } from '../../scripts/servers/instance.mjs'

/** A fresh server on free ports with all it has in a temporary directory; undefined where none is installed. */
export async function openRabbit() {
  if (recipes.rabbitmq.programs.find(process.env) === undefined) return undefined
  const instance = await createInstance('rabbitmq')
  try {
    const { url } = await instance.start()
    // The data is thrown away, so there is nothing to stop in good order.
    return { measure: (size, total, options) => measure(url, size, total, options), close: instance.remove }
  } catch (error) {
    await instance.remove()
    throw error
  }
}

/** Messages a second: published with confirms, and consumed with acks. */
async function measure(url, size, total, { publishWindow, prefetch }) {
  const connection = await amqp.connect(url, { noDelay: true })
  const channel = await connection.createConfirmChannel()
  try {
    await channel.assertExchange('bench', 'topic', { durable: true })
    await channel.assertQueue('bench', { durable: true })
    await channel.bindQueue('bench', 'bench', 'a.#')
    const body = Buffer.alloc(size, 1)
    const published = performance.now()
    let sent = 0
    const publishOne = () =>
      new Promise((resolve, reject) => {
        channel.publish('bench', 'a.b', body, { persistent: true }, (error) => (error ? reject(error) : resolve()))
      })
    const publisher = async () => {
      while (sent < total) {
        sent += 1
        await publishOne()
      }
    }
    await Promise.all(Array.from({ length: publishWindow }, publisher))
    const publish = total / ((performance.now() - published) / 1_000)

    const consumed = performance.now()
    const all = Promise.withResolvers()
    let received = 0
    await channel.prefetch(prefetch)
    const { consumerTag } = await channel.consume('bench', (message) => {
      channel.ack(message)
      received += 1
      if (received === total) all.resolve()
    })
    await all.promise
    const consume = total / ((performance.now() - consumed) / 1_000)
    await channel.cancel(consumerTag)
    return { publish, consume }
  } finally {
    await channel.deleteQueue('bench')
    await connection.close()
  }
}
