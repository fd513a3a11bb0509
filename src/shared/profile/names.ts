/**
 * What a name may look like. A profile must fit every backend it may meet, so each grammar is that of the strictest one
 * in reach: S3 and MinIO for buckets, AMQP 0-9-1 and RabbitMQ for exchanges and queues, Weaviate for classes.
 */
import { count, quote, utf8Length } from './text'

export interface Grammar {
  /** What is named, with its article. */
  readonly noun: string
  /** What is allowed, as a sentence without its full stop. */
  readonly allowed: string
  /** As much of the rule as JSON Schema can say, for editors. The whole rule is `flaw`. */
  readonly json: { readonly pattern?: string; readonly minLength?: number; readonly maxLength?: number }
  /** What is wrong with a name, to follow the word "it", or undefined when nothing is. Tests come in order; the first counts. */
  flaw(name: string): string | undefined
}

/** The sentence for a name that breaks its grammar, or undefined for one that keeps to it. */
export function nameError(grammar: Grammar, name: string): string | undefined {
  const flaw = grammar.flaw(name)
  if (flaw === undefined) return undefined
  return name === '' ? `${grammar.noun} cannot be empty` : `${quote(name)} is not ${grammar.noun}: it ${flaw}`
}

type Test = (name: string) => string | undefined

function grammar(noun: string, allowed: string, json: Grammar['json'], ...tests: readonly Test[]): Grammar {
  return {
    noun,
    allowed,
    json,
    flaw(name) {
      for (const test of tests) {
        const flaw = test(name)
        if (flaw !== undefined) return flaw
      }
      return undefined
    },
  }
}

function characters(least: number, most: number): Test {
  return (name) => {
    if (name === '' && least > 0) return 'is empty'
    const length = [...name].length
    if (length < least) return `is shorter than ${least} characters`
    return length > most ? `is longer than ${count(most)} characters` : undefined
  }
}

function bytes(least: number, most: number): Test {
  return (name) => {
    if (name.length < least) return 'is empty'
    return utf8Length(name) > most ? `is longer than ${count(most)} bytes of UTF-8` : undefined
  }
}

/** `allowed` matches one character that may stand in the name. */
function only(allowed: RegExp): Test {
  return (name) => {
    const stranger = [...name].find((character) => !allowed.test(character))
    if (stranger === undefined) return undefined
    if (/^[A-Z]$/.test(stranger)) return `has the capital letter ${quote(stranger)}`
    return stranger === ' ' ? 'has a space' : `has the character ${quote(stranger)}`
  }
}

function begins(allowed: RegExp): Test {
  return (name) => {
    const first = [...name].at(0) ?? ''
    return allowed.test(first) ? undefined : `begins with ${quote(first)}`
  }
}

function ends(allowed: RegExp): Test {
  return (name) => {
    const last = [...name].at(-1) ?? ''
    return allowed.test(last) ? undefined : `ends with ${quote(last)}`
  }
}

function neverHas(...parts: readonly string[]): Test {
  return (name) => {
    const part = parts.find((text) => name.includes(text))
    return part === undefined ? undefined : `has ${quote(part)} in it`
  }
}

function neverBegins(owner: string, ...prefixes: readonly string[]): Test {
  return (name) => {
    const prefix = prefixes.find((text) => name.toLowerCase().startsWith(text))
    return prefix === undefined ? undefined : `begins with ${quote(prefix)}, which ${owner} keeps for itself`
  }
}

function neverEnds(owner: string, ...suffixes: readonly string[]): Test {
  return (name) => {
    const suffix = suffixes.find((text) => name.endsWith(text))
    return suffix === undefined ? undefined : `ends with ${quote(suffix)}, which ${owner} keeps for itself`
  }
}

function neverIs(owner: string, ...names: readonly string[]): Test {
  return (name) => (names.includes(name.toLowerCase()) ? `is a name that ${owner} keeps for itself` : undefined)
}

/** XML cannot carry most control characters, and RabbitMQ strips line ends from names. */
const printable: Test = (name) => {
  const control = name.match(/\p{Cc}/u)
  return control === null ? undefined : `has the control character ${quote(control[0])}`
}

const looksLikeAddress: Test = (name) => (/^\d+\.\d+\.\d+\.\d+$/.test(name) ? 'looks like an IP address' : undefined)

export const bucketName = grammar(
  'a bucket name',
  'a bucket name is 3 to 63 lower-case letters, digits, dots and hyphens, begins and ends with a letter or a digit, has no two dots in a row, and is not an IP address',
  { pattern: '^[a-z0-9][a-z0-9.\\-]{1,61}[a-z0-9]$', minLength: 3, maxLength: 63 },
  characters(3, 63),
  only(/^[a-z0-9.-]$/),
  begins(/^[a-z0-9]$/),
  ends(/^[a-z0-9]$/),
  neverHas('..', '.-', '-.'),
  looksLikeAddress,
  neverBegins('S3', 'xn--', 'sthree-', 'amzn-s3-demo-'),
  neverEnds('S3', '-s3alias', '--ol-s3', '.mrap', '--x-s3', '--table-s3'),
  neverIs('MinIO', 'minio'),
)

export const ruleId = grammar(
  'a rule id',
  'the id of a lifecycle rule is 1 to 255 characters, none of them a control character',
  { minLength: 1, maxLength: 255 },
  characters(1, 255),
  printable,
)

export const keyPrefix = grammar(
  'a key prefix',
  'a prefix is at most 1,024 bytes of UTF-8 without control characters; an empty one means every object',
  { maxLength: 1024 },
  bytes(0, 1024),
  printable,
)

const tagCharacter = /^[A-Za-z0-9 +\-=._:/@]$/

export const tagKey = grammar(
  'a tag key',
  'a tag key is 1 to 128 letters, digits, spaces and + - = . _ : / @, and does not begin with aws:',
  { pattern: '^[A-Za-z0-9 +\\-=._:/@]{1,128}$' },
  characters(1, 128),
  only(tagCharacter),
  neverBegins('S3', 'aws:'),
)

export const tagValue = grammar(
  'a tag value',
  'a tag value is at most 256 letters, digits, spaces and + - = . _ : / @',
  { pattern: '^[A-Za-z0-9 +\\-=._:/@]{0,256}$' },
  characters(0, 256),
  only(tagCharacter),
)

/** AMQP's short strings hold 255 bytes. */
function amqpName(thing: string, besides = '', ...tests: readonly Test[]): Grammar {
  const allowed = `the name of ${thing} is 1 to 255 bytes of UTF-8 without control characters${besides}`
  return grammar(`${thing} name`, allowed, { minLength: 1, maxLength: 255 }, bytes(1, 255), printable, ...tests)
}

const notOfTheBroker = [', and does not begin with amq.', neverBegins('RabbitMQ', 'amq.')] as const

export const vhostName = amqpName('a vhost')
export const exchangeName = amqpName('an exchange', ...notOfTheBroker)
export const queueName = amqpName('a queue', ...notOfTheBroker)
export const headerName = amqpName('a header')

export const bindingKey = grammar(
  'a binding key',
  'a binding key is at most 255 bytes of UTF-8 without control characters; on a topic exchange * stands for one word and # for any number',
  { maxLength: 255 },
  bytes(0, 255),
  printable,
)

/** Our own rule: what is compared is a short word, and the row of a plan shows it. */
export const headerValue = grammar(
  'the value of a header',
  'the value of a header is at most 1,024 bytes of UTF-8 without control characters',
  { maxLength: 1024 },
  bytes(0, 1024),
  printable,
)

export const className = grammar(
  'a class name',
  'a class name is 1 to 255 letters, digits and underscores and begins with a capital letter',
  { pattern: '^[A-Z][_0-9A-Za-z]{0,254}$' },
  characters(1, 255),
  begins(/^[A-Z]$/),
  only(/^[_0-9A-Za-z]$/),
  neverIs('Weaviate', 'raft'),
)

export const propertyName = grammar(
  'a property name',
  'a property name is 1 to 231 letters, digits and underscores and begins with a lower-case letter or an underscore',
  { pattern: '^[_a-z][_0-9A-Za-z]{0,230}$' },
  characters(1, 231),
  begins(/^[_a-z]$/),
  only(/^[_0-9A-Za-z]$/),
  neverIs('Weaviate', 'id', '_id', '_additional'),
  neverIs('ThatDAM', 'thatdamid', 'thatdamexact', 'thatdamodd', 'thatdamlength'),
  neverEnds('Weaviate', '_searchable', '_rangeable', '_temp', '__meta_count', '_propertyLength', '_nullState'),
)

export const tenantName = grammar(
  'a tenant name',
  'a tenant name is 1 to 64 letters, digits, hyphens and underscores',
  { pattern: '^[A-Za-z0-9_\\-]{1,64}$' },
  characters(1, 64),
  only(/^[A-Za-z0-9_-]$/),
)

export const vectorizerName = grammar(
  'a vectorizer',
  'a vectorizer is `none` or the name of a Weaviate module: lower-case letters, digits and hyphens, 64 at most',
  { pattern: '^[a-z0-9][a-z0-9\\-]{0,63}$' },
  characters(1, 64),
  only(/^[a-z0-9-]$/),
  begins(/^[a-z0-9]$/),
)

/** Our own rule: the name is also that of a file in the node's service catalogue. */
export const serviceName = grammar(
  'a service name',
  'the name of a service is 1 to 64 letters, digits, dots, hyphens and underscores and begins with a letter or a digit',
  { pattern: '^[A-Za-z0-9][A-Za-z0-9._\\-]{0,63}$' },
  characters(1, 64),
  only(/^[A-Za-z0-9._-]$/),
  begins(/^[A-Za-z0-9]$/),
)

/** What is only shown and passed on: profile names, versions, modules, migrations. */
export const label = grammar(
  'a name',
  'a name is 1 to 255 characters, none of them a control character',
  { minLength: 1, maxLength: 255 },
  characters(1, 255),
  printable,
)
