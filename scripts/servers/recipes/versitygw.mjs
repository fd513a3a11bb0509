// versitygw: S3 over plain files, and unlike MinIO in what it can. It keeps metadata in extended attributes.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { accepts } from '../launch.mjs'
import { builtProgram } from '../programs.mjs'

export const versitygw = {
  portCount: 1,
  programs: builtProgram('versitygw'),
  async start({ directory, ports: [port], programs: { versitygw: program }, env, launch, until }) {
    const data = join(directory, 'data')
    const versions = join(directory, 'versions')
    for (const path of [data, versions]) mkdirSync(path, { recursive: true })
    const address = { endpoint: `http://127.0.0.1:${port}`, accessKey: 'testadmin', secretKey: 'testsecret123' }
    launch(program, ['--port', `127.0.0.1:${port}`, 'posix', '--versioning-dir', versions, data], {
      ROOT_ACCESS_KEY: address.accessKey,
      ROOT_SECRET_KEY: address.secretKey,
      ...env,
    })
    await until(() => accepts(port))
    return address
  },
}
