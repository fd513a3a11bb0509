// MinIO on one drive, which is what makes it keep versions.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { answers } from '../launch.mjs'
import { builtProgram } from '../programs.mjs'

export const minio = {
  portCount: 1,
  programs: builtProgram('minio'),
  async start({ directory, ports: [port], programs: { minio: program }, env, launch, until }) {
    const data = join(directory, 'data')
    mkdirSync(data, { recursive: true })
    const address = { endpoint: `http://127.0.0.1:${port}`, accessKey: 'testadmin', secretKey: 'testsecret123' }
    launch(program, ['server', '--quiet', '--address', `127.0.0.1:${port}`, data], {
      MINIO_ROOT_USER: address.accessKey,
      MINIO_ROOT_PASSWORD: address.secretKey,
      MINIO_BROWSER: 'off',
      MINIO_UPDATE: 'off',
      // Allows a drive that is not a mount of its own.
      MINIO_CI_CD: '1',
      ...env,
    })
    await until(() => answers(`${address.endpoint}/minio/health/ready`))
    return address
  },
}
