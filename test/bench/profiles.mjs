/** A profile of about `count` resources, spread over the three components as a large site has them. */
export function profileOf(count) {
  const n = Math.floor(count / 10)
  const buckets = range(n).map((i) => `      - { name: bucket-${i}, tags: { owner: media }, policy: public-read }`)
  const queues = range(2 * n).map((i) => `      - { name: queue-${i}, ttl: 3600 }`)
  const bindings = range(2 * n).map((i) => `      - { exchange: overlay, queue: queue-${i}, key: "media.${i}.#" }`)
  const classes = range(Math.floor(n / 5)).map((i) => `        - { name: Class${i}, properties: [title, sha256, bucket, key] }`)
  return `apiVersion: thatdam/v1
kind: EnvironmentProfile
metadata: { name: bench }
spec:
  storage:
    buckets:
${buckets.join('\n')}
  broker:
    exchanges: [{ name: overlay, type: topic }]
    queues:
${queues.join('\n')}
    bindings:
${bindings.join('\n')}
  indices:
    weaviate:
      classes:
${classes.join('\n')}
`
}

function range(length) {
  return Array.from({ length }, (_, i) => i)
}

/** The site that OpenTofu was measured with. Names end in `id`, so that a bench can sweep up after itself. */
export function plainSite(id, vhost) {
  return siteOf(vhost, { buckets: range(400).map((i) => `{ name: bucket-${i}-${id} }`), classes: [] })
}

/** The same with all that can be set on a bucket, and with classes. */
export function richSite(id, vhost) {
  const settings = 'versioning: true, tags: { owner: media, cost: "42" }, lifecycle: { rules: [{ id: tmp, prefix: tmp/, expireDays: 7 }] }'
  return siteOf(vhost, {
    buckets: range(400).map((i) => `{ name: bucket-${i}-${id}, ${settings} }`),
    classes: range(100).map((i) => `{ name: Bench${i}x${id}, properties: [title, sha256, bucket, key, { name: start, type: number }] }`),
  })
}

function siteOf(vhost, { buckets, classes }) {
  const list = (items) => (items.length === 0 ? ' []' : items.map((item) => `\n      - ${item}`).join(''))
  return `apiVersion: thatdam/v1
kind: EnvironmentProfile
metadata: { name: bench }
spec:
  storage:
    buckets:${list(buckets)}
  broker:
    vhost: ${vhost}
    exchanges: [{ name: overlay, type: topic }]
    queues:${list(range(300).map((i) => `{ name: queue-${i} }`))}
    bindings:${list(range(300).map((i) => `{ exchange: overlay, queue: queue-${i}, key: "media.${i}.#" }`))}
  indices:
    weaviate:
      classes:${list(classes)}
`
}
