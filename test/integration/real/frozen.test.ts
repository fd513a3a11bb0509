/** A real server that stops in the middle of its work and holds its connections: the node says so soon, does the rest, and goes on when the server does. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type ApplyResult, applyResultSchema } from '../../../src/shared/plan'
import { type OwnServer, startServer } from '../../support/own-server'
import { describeStarting } from '../../support/servers'
import { tempDir } from '../../support/temp'
import { thatdam } from '../../support/thatdam'

/** Something in each component, with `more` of them in two of the three. */
const profileOf = (more: string) => `apiVersion: thatdam/v1
kind: EnvironmentProfile
metadata: { name: frozen }
spec:
  storage: { buckets: [{ name: frozen-one }, { name: frozen-${more} }] }
  broker:
    exchanges: [{ name: overlay, type: topic }, { name: frozen-${more}, type: fanout }]
    queues: [{ name: frozen-${more}, ttl: 60 }]
  indices: { weaviate: { classes: [{ name: Frozen${more} }] } }
`

type External = 'minio' | 'rabbitmq' | 'weaviate'
const componentOf = { minio: 'storage', rabbitmq: 'broker', weaviate: 'index' } as const

function envOf(server: OwnServer<External>): Readonly<Record<string, string>> {
  const { address } = server
  if ('accessKey' in address)
    return { MINIO_ENDPOINT: address.endpoint, MINIO_ACCESS_KEY: address.accessKey, MINIO_SECRET_KEY: address.secretKey }
  if ('managementUrl' in address) return { AMQP_URL: address.url, RABBITMQ_MANAGEMENT_URL: address.managementUrl ?? '' }
  return { WEAVIATE_URL: address.url }
}

describe.each<External>(['minio', 'rabbitmq', 'weaviate'])('a node whose %s is frozen', { timeout: 240_000 }, (name) => {
  describeStarting(name, 'with the settings it has by default', () => {
    it('brings about the rest in the same pass, names the server, and finishes when it goes on', async () => {
      const server = await startServer(name)
      onTestFinished(() => server.stop())
      const directory = tempDir()
      const [data, file] = [join(directory, 'data'), join(directory, 'profile.yaml')]
      const env = envOf(server)
      const apply = async (profile: string): Promise<ApplyResult> => {
        writeFileSync(file, profile)
        const { stdout } = await thatdam(['apply', '-f', file, '--data', data, '--json'], { env })
        return applyResultSchema.parse(JSON.parse(stdout))
      }
      const component = componentOf[name]
      expect(await apply(profileOf('first'))).toMatchObject({ converged: true, errors: [] })
      server.freeze()
      const frozen = await apply(profileOf('second'))
      expect(frozen.errors).toEqual([{ component, code: 'unavailable', message: expect.stringContaining('did not answer in time') }])
      expect(frozen.applied).toBeGreaterThan(0)
      server.thaw()
      const thawed = await apply(profileOf('second'))
      expect(thawed).toMatchObject({ converged: true, errors: [] })
      expect(thawed.applied).toBeGreaterThan(0)
    })
  })
})
