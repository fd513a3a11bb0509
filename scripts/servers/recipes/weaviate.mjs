// Weaviate without modules, on one node. Its ports for gRPC and for data between nodes listen on every interface; only REST can be told not to.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { answers } from '../launch.mjs'
import { builtProgram } from '../programs.mjs'

export const weaviate = {
  portCount: 6,
  programs: builtProgram('weaviate-server'),
  async start({ directory, ports, programs: { 'weaviate-server': program }, env, launch, until }) {
    const data = join(directory, 'data')
    mkdirSync(data, { recursive: true })
    // The port for data must be the one after that for gossip: with another it starts, says little and never becomes ready.
    const [rest, grpc, gossip, clusterData, raft, raftCalls] = ports
    const url = `http://127.0.0.1:${rest}`
    launch(program, ['--host', '127.0.0.1', '--port', String(rest), '--scheme', 'http'], {
      PERSISTENCE_DATA_PATH: data,
      AUTHENTICATION_ANONYMOUS_ACCESS_ENABLED: 'true',
      DEFAULT_VECTORIZER_MODULE: 'none',
      ENABLE_MODULES: '',
      API_BASED_MODULES_DISABLED: 'true',
      AUTOSCHEMA_ENABLED: 'false',
      DISABLE_TELEMETRY: 'true',
      GO_PROFILING_DISABLE: 'true',
      // The name must be the same after a restart, or the data belong to another node.
      CLUSTER_HOSTNAME: 'node1',
      CLUSTER_IN_LOCALHOST: 'true',
      CLUSTER_ADVERTISE_ADDR: '127.0.0.1',
      CLUSTER_BIND_ADDR: '127.0.0.1',
      CLUSTER_GOSSIP_BIND_PORT: String(gossip),
      CLUSTER_DATA_BIND_PORT: String(clusterData),
      RAFT_PORT: String(raft),
      RAFT_INTERNAL_RPC_PORT: String(raftCalls),
      RAFT_BOOTSTRAP_EXPECT: '1',
      GRPC_PORT: String(grpc),
      DISK_USE_WARNING_PERCENTAGE: '99',
      DISK_USE_READONLY_PERCENTAGE: '99',
      GOMEMLIMIT: '1GiB',
      LOG_LEVEL: 'warning',
      ...env,
    })
    await until(() => answers(`${url}/v1/.well-known/ready`))
    const apiKey = env.AUTHENTICATION_APIKEY_ALLOWED_KEYS?.split(',')[0]
    return { url, ...(apiKey === undefined ? {} : { apiKey }) }
  },
}
