/** A real storage that dies in the middle of a download: the command says that it was the storage, and leaves no half of a file. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { startServer } from '../../support/own-server'
import { describeStarting } from '../../support/servers'
import { tempDir } from '../../support/temp'
import { cli, thatdam, up } from '../../support/thatdam'

const profile = `apiVersion: thatdam/v1
kind: EnvironmentProfile
metadata: { name: download }
spec: { storage: { buckets: [{ name: footage }] } }
`

describeStarting('minio', 'a download from a MinIO that is killed', () => {
  it('names MinIO, since the node goes on', { timeout: 120_000 }, async () => {
    const server = await startServer('minio')
    onTestFinished(() => server.stop())
    const directory = tempDir()
    const [data, file, large] = ['data', 'profile.yaml', 'large'].map((name) => join(directory, name)) as [string, string, string]
    const { endpoint, accessKey, secretKey } = server.address
    const env = { MINIO_ENDPOINT: endpoint, MINIO_ACCESS_KEY: accessKey, MINIO_SECRET_KEY: secretKey }
    writeFileSync(file, profile)
    writeFileSync(large, Buffer.alloc(96 * 1024 * 1024, 'x'))
    expect((await thatdam(['apply', '-f', file, '--data', data], { env })).status).toBe(0)
    const node = await up(data, [], { env })
    expect((await thatdam(['data', 'put', 'footage', 'large', large, '--data', data])).status).toBe(0)

    // Nobody reads on until the server is gone: what is on its way by then is a few of these bytes.
    const get = spawn(process.execPath, [cli, 'data', 'get', 'footage', 'large', '--data', data], {
      env: { PATH: process.env.PATH, NO_COLOR: '1', XDG_CONFIG_HOME: '/nonexistent' },
    })
    onTestFinished(() => void get.kill('SIGKILL'))
    let stderr = ''
    get.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    await once(get.stdout, 'readable')
    await server.kill()
    get.stdout.resume()
    const [status] = await once(get, 'close')
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: expect.stringMatching(
        /^error: footage\/large broke off in the middle: .*MinIO at http:\/\/127\.0\.0\.1:\d+ refused the connection/,
      ),
    })

    const target = join(directory, 'got')
    expect((await thatdam(['data', 'get', 'footage', 'large', target, '--data', data])).stderr).toContain('MinIO at http')
    expect(readdirSync(directory).sort()).toEqual(['data', 'large', 'profile.yaml'])
    node.signal('SIGTERM')
    expect(await node.exited()).toBe(0)
  })
})
