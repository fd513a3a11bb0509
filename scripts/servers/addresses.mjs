// How the servers are called and reached, and the environment variables that say so. With the prefix THATDAM_TEST_ they are for the
// tests, so that a test never touches somebody's production server by accident; without one they are the product's own.

const s3 = (name) => ({ endpoint: `${name}_ENDPOINT`, accessKey: `${name}_ACCESS_KEY`, secretKey: `${name}_SECRET_KEY` })

/** For each server what it is called by people, and the variable of each part of its address. Those in `optional` may be absent. */
export const servers = {
  minio: { title: 'MinIO', variables: s3('MINIO'), optional: [] },
  versitygw: { title: 'versitygw', variables: s3('VERSITYGW'), optional: [] },
  ceph: { title: 'Ceph RGW', variables: s3('CEPH'), optional: [] },
  rabbitmq: { title: 'RabbitMQ', variables: { url: 'AMQP_URL', managementUrl: 'RABBITMQ_MANAGEMENT_URL' }, optional: ['managementUrl'] },
  weaviate: { title: 'Weaviate', variables: { url: 'WEAVIATE_URL', apiKey: 'WEAVIATE_API_KEY' }, optional: ['apiKey'] },
}

export const serverNames = Object.keys(servers)

const testPrefix = 'THATDAM_TEST_'

/** The address that the environment gives; undefined where it gives none. One that it gives by halves is an error. */
export function addressFrom(name, env = process.env, prefix = testPrefix) {
  const { title, variables, optional } = servers[name]
  const parts = Object.entries(variables)
  const given = parts.filter(([, variable]) => (env[prefix + variable] ?? '') !== '')
  if (given.length === 0) return undefined
  const lacking = parts.filter((part) => !given.includes(part) && !optional.includes(part[0])).map(([, variable]) => prefix + variable)
  if (lacking.length > 0)
    throw new Error(`${title} is named by the environment, but not ${lacking.join(' and ')}: set all of them or none.`)
  return Object.fromEntries(given.map(([part, variable]) => [part, env[prefix + variable]]))
}

/** The header that lets in at the management API of RabbitMQ: its own user, or that of the broker. */
export function managementLogin({ url, managementUrl }) {
  const named = [managementUrl, url].map((text) => new URL(text)).find(({ username }) => username !== '')
  const { username, password } = named ?? new URL(url)
  return `Basic ${Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64')}`
}

/** Variable and value for each part of an address, as `addressFrom` reads them. */
export function assignments(name, address, prefix = testPrefix) {
  const { variables } = servers[name]
  return Object.entries(address).map(([part, value]) => [prefix + variables[part], value])
}
