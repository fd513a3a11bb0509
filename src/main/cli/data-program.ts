/** The `data` commands and their arguments: the data plane by hand. */
import type { Command } from 'commander'
import type { ConsumeOptions, PublishOptions } from './commands/data/messages'
import type { GetOptions, ListOptions, PutOptions } from './commands/data/objects'
import type { QueryOptions, TenantOption } from './commands/data/vectors'
import { many, type Run } from './run'

const fileHint = '- or nothing is the standard stream'

export function addDataCommands(program: Command, run: Run): void {
  const data = program.command('data').description('use storage, bus and index by hand, as a program would')
  addObjectCommands(data, run)
  addMessageCommands(data, run)
  addVectorCommands(data, run)
}

function addObjectCommands(data: Command, run: Run): void {
  const load = () => import('./commands/data/objects')
  data
    .command('put')
    .description('store FILE as an object')
    .argument('<BUCKET>')
    .argument('<KEY>')
    .argument('[FILE]', fileHint)
    .option('--type <MEDIA-TYPE>', 'its content type')
    .option('--meta <NAME=VALUE>', 'metadata; may be given again', many)
    .option('--if-match <ETAG>', 'only over the object with this etag')
    .option('--if-none-match', 'only where there is no object')
    .action((bucket: string, key: string, file: string | undefined, options: PutOptions) =>
      run({}, async (context) => (await load()).put(context, bucket, key, file, options)),
    )
  data
    .command('get')
    .description('write an object to FILE')
    .argument('<BUCKET>')
    .argument('<KEY>')
    .argument('[FILE]', fileHint)
    .option('--version <ID>', 'an old version')
    .option('--range <FIRST-LAST>', 'some of its bytes: 0-99, 100- or -10')
    .action((bucket: string, key: string, file: string | undefined, options: GetOptions) =>
      run({}, async (context) => (await load()).get(context, bucket, key, file, options)),
    )
  data
    .command('ls')
    .description('list the objects of a bucket')
    .argument('<BUCKET>')
    .argument('[PREFIX]', 'only keys that begin with it')
    .option('--delimiter <TEXT>', 'roll up what lies behind it, as / does for folders')
    .option('--versions', 'list all versions')
    .option('--limit <N>', 'list no more than this')
    .action((bucket: string, prefix: string | undefined, options: ListOptions) =>
      run({}, async (context) => (await load()).ls(context, bucket, prefix, options)),
    )
  data
    .command('rm')
    .description('delete an object; where versions are kept, hide it')
    .argument('<BUCKET>')
    .argument('<KEY>')
    .option('--version <ID>', 'delete this version, for good')
    .action((bucket: string, key: string, options: { version?: string }) =>
      run({}, async (context) => (await load()).rm(context, bucket, key, options)),
    )
  data
    .command('copy')
    .description('copy an object')
    .argument('<BUCKET>')
    .argument('<KEY>')
    .argument('<TO-BUCKET>')
    .argument('<TO-KEY>')
    .action((bucket: string, key: string, toBucket: string, toKey: string) =>
      run({}, async (context) => (await load()).copy(context, [bucket, key], [toBucket, toKey])),
    )
  data
    .command('restore')
    .description('make an old version the newest again')
    .argument('<BUCKET>')
    .argument('<KEY>')
    .argument('<VERSION>', 'an id of `thatdam data ls --versions`')
    .action((bucket: string, key: string, version: string) =>
      run({}, async (context) => (await load()).restore(context, bucket, key, version)),
    )
}

function addMessageCommands(data: Command, run: Run): void {
  const load = () => import('./commands/data/messages')
  data
    .command('publish')
    .description('publish FILE to an exchange')
    .argument('<EXCHANGE>')
    .argument('<KEY>', 'the routing key')
    .argument('[FILE]', fileHint)
    .option('--type <MEDIA-TYPE>', 'its content type')
    .option('--header <NAME=VALUE>', 'a header; may be given again', many)
    .option('--id <KEY>', 'idempotency key: published again, it changes nothing')
    .option('--ttl <MS>', 'how long it lives in a queue, in milliseconds')
    .option('--mandatory', 'fail where no queue is bound for it')
    .action((exchange: string, key: string, file: string | undefined, options: PublishOptions) =>
      run({}, async (context) => (await load()).publish(context, exchange, key, file, options)),
    )
  data
    .command('consume')
    .description('print the messages of a queue, and acknowledge each once it is printed')
    .argument('<QUEUE>')
    .option('--count <N>', 'end after this many')
    .option('--prefetch <N>', 'how many are on their way at once (default: 32)')
    .option('--no-ack', 'leave them in the queue')
    .option('--reject', 'send them to its dead-letter exchange instead')
    .action((queue: string, options: ConsumeOptions) =>
      run({ streams: true }, async (context) => (await load()).consume(context, queue, options)),
    )
}

function addVectorCommands(data: Command, run: Run): void {
  const load = () => import('./commands/data/vectors')
  const tenant = ['--tenant <NAME>', 'the tenant, on a class that has them'] as const
  data
    .command('upsert')
    .description('store a vector: FILE holds { "vector": […], "metadata": {…} }')
    .argument('<CLASS>')
    .argument('<ID>')
    .argument('[FILE]', fileHint)
    .option(...tenant)
    .action((className: string, id: string, file: string | undefined, options: TenantOption) =>
      run({}, async (context) => (await load()).upsert(context, className, id, file, options)),
    )
  data
    .command('vector')
    .description('print a vector and its metadata')
    .argument('<CLASS>')
    .argument('<ID>')
    .option(...tenant)
    .action((className: string, id: string, options: TenantOption) =>
      run({}, async (context) => (await load()).vector(context, className, id, options)),
    )
  data
    .command('forget')
    .description('delete a vector')
    .argument('<CLASS>')
    .argument('<ID>')
    .option(...tenant)
    .action((className: string, id: string, options: TenantOption) =>
      run({}, async (context) => (await load()).forget(context, className, id, options)),
    )
  data
    .command('query')
    .description('find the nearest vectors: FILE holds { "vector": […], "k": 10, "filter": {…} }')
    .argument('<CLASS>')
    .argument('[FILE]', fileHint)
    .option('-k <N>', 'how many (default: 10)')
    .option(...tenant)
    .action((className: string, file: string | undefined, options: QueryOptions) =>
      run({}, async (context) => (await load()).query(context, className, file, options)),
    )
}
