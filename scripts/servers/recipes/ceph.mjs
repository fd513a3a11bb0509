// Ceph's S3 gateway before the smallest cluster there can be: one monitor, one store in memory, one manager. The data end with the processes.
import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { answers } from '../launch.mjs'
import { installedPrograms, onPath } from '../programs.mjs'

const needed = ['ceph', 'ceph-mon', 'ceph-osd', 'ceph-mgr', 'monmaptool', 'radosgw', 'radosgw-admin']

export const ceph = {
  portCount: 2,
  programs: installedPrograms(['radosgw', 'ceph-mon', 'ceph-osd', 'ceph-mgr', 'ceph-common'], (env) =>
    Object.fromEntries(needed.map((name) => [name, onPath(name, env)])),
  ),
  async start({ directory, ports: [monitorPort, port], programs, env, launch, run, until }) {
    const path = (name) => join(directory, name)
    if (existsSync(path('ceph.conf'))) throw new Error('Ceph keeps its data in memory here, so it cannot be started again on them.')
    for (const name of ['run', 'mon', 'osd', 'mgr', 'log']) mkdirSync(path(name))
    const cluster = randomUUID()
    writeFileSync(path('ceph.conf'), configuration(path, cluster, monitorPort, port))
    // A program that asks the monitor for settings first forgets the cluster's id by that, and now and then sends a command before it knows
    // it again, which is refused ('wrong fsid').
    const around = { CEPH_CONF: path('ceph.conf'), CEPH_ARGS: `--conf ${path('ceph.conf')} --no-mon-config`, ...env }
    const command = (name, ...args) => run(programs[name], args, around)
    const start = (name, ...args) => launch(programs[name], ['-f', ...args], around)

    await command('monmaptool', '--create', '--fsid', cluster, '--addv', 'a', `[v1:127.0.0.1:${monitorPort}/0]`, path('monmap'))
    await command('ceph-mon', '--id', 'a', '--mkfs', '--mon-data', path('mon'), '--monmap', path('monmap'), '--keyring', '/dev/null')
    start('ceph-mon', '--id', 'a', '--mon-data', path('mon'))
    await command('ceph', 'osd', 'create')
    await command('ceph', 'osd', 'crush', 'add', 'osd.0', '1', 'root=default', 'host=localhost')
    await command('ceph-osd', '--id', '0', '--mkjournal', '--mkfs')
    start('ceph-osd', '--id', '0')
    await until(async () => (await command('ceph', 'osd', 'stat')).includes('1 up'))
    start('ceph-mgr', '--id', 'x')
    const address = { endpoint: `http://127.0.0.1:${port}`, accessKey: 'testadmin', secretKey: 'testsecret123' }
    const keys = ['--access-key', address.accessKey, '--secret-key', address.secretKey]
    await command('radosgw-admin', 'user', 'create', '--uid', 'test', '--display-name', 'test', ...keys)
    start('radosgw', '-n', 'client.rgw')
    await until(() => answers(address.endpoint))
    return address
  },
}

function configuration(path, cluster, monitorPort, port) {
  return `[global]
fsid = ${cluster}
run dir = ${path('run')}
admin socket = ${path('run')}/$name.asok
pid file = ${path('run')}/$name.pid
log file = ${path('log')}/$name.log
mon data = ${path('mon')}
osd data = ${path('osd')}
mgr data = ${path('mgr')}
auth cluster required = none
auth service required = none
auth client required = none
mon host = v1:127.0.0.1:${monitorPort}/0
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind msgr2 = false
mon allow pool size one = true
mon data avail crit = 1
mon max pg per osd = 2000
osd crush chooseleaf type = 0
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 8
osd pool default pg autoscale mode = off
osd objectstore = memstore
memstore device bytes = 2147483648
[client.rgw]
rgw frontends = beast endpoint=127.0.0.1:${port}
# A day of a lifecycle rule lasts ten seconds.
rgw lc debug interval = 10
keyring = /dev/null
`
}
