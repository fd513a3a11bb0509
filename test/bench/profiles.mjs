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
