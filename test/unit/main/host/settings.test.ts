/** `settings.json`. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readSettings } from '../../../../src/main/host/settings'
import { tempDir } from '../../../support/temp'

function fileWith(value: unknown): string {
  const file = join(tempDir(), 'settings.json')
  writeFileSync(file, JSON.stringify(value))
  return file
}

describe('settings', () => {
  it('are the defaults where there is no file, and for what the file leaves out', async () => {
    const defaults = await readSettings(join(tempDir(), 'settings.json'))
    expect(defaults).toMatchObject({
      reconcile: { driftIntervalMs: 30_000, attempts: 6 },
      upkeep: { surveyMs: 300_000, expireMs: 3_600_000 },
      bus: { dedupe: { days: 7, keys: 1_000_000 } },
      backends: {},
      external: { deadlineMs: 2_000 },
    })
    const set = { upkeep: { surveyMs: 1_000 }, bus: { dedupe: { days: 0.5 } } }
    expect(await readSettings(fileWith(set))).toEqual({
      ...defaults,
      upkeep: { ...defaults.upkeep, surveyMs: 1_000 },
      bus: { dedupe: { days: 0.5, keys: 1_000_000 } },
    })
  })

  it.each<[unknown, string, string?]>([
    [{ bus: { spoolBytes: 1 } }, 'bus.spoolBytes is not supported by this version yet'],
    [{ external: { deadlineMs: 1 } }, 'external.deadlineMs must be at least 50, but is 1'],
    [{ external: { deadlineMs: '2000' } }, 'external.deadlineMs must be a number, but is the text "2000"'],
    [{ reconcile: { attempts: 1.5 } }, 'reconcile.attempts must be a whole number, but is 1.5'],
    [{ reconcile: { parallel: 1e20 } }, 'reconcile.parallel must be at most 1024, but is 100000000000000000000'],
    [{ reconcile: { backoffMs: { min: 9, max: 3 } } }, 'reconcile.backoffMs has a min that is more than its max'],
    [{ bus: { dedupe: { days: 0 } } }, 'bus.dedupe.days must be more than 0, but is 0'],
    [{ external: { deadlineMs: 0 } }, 'external.deadlineMs must be at least 50, but is 0'],
    [{ reconcile: { driftIntervalMs: -1 } }, 'reconcile.driftIntervalMs must be at least 100, but is -1'],
    [{ bus: null }, 'bus must be an object, in { }, but is null'],
    [{ backends: { index: { url: 7 } } }, 'backends.index.url must be a text, but is 7'],
    [
      { backends: { storage: { url: 'http://127.0.0.1:9000', bucket: 'x' } } },
      'backends.storage.bucket is no setting',
      'url, region, caFile',
    ],
    [{ bus: { dedup: {} } }, 'bus.dedup is no setting', 'Did you mean dedupe?'],
    [{ reconcile: { backoffMs: { maxx: 1 } } }, 'reconcile.backoffMs.maxx is no setting', 'Did you mean max?'],
    [[], 'the document must be an object, in { }, but is a list'],
  ])('%j are refused in one sentence: %s', async (value, text, hint = 'without the file the defaults serve') => {
    const file = fileWith(value)
    await expect(readSettings(file)).rejects.toMatchObject({
      code: 'invalid-setting',
      message: `${file}: ${text}.`,
      hint: expect.stringContaining(hint),
      details: undefined,
    })
  })

  it('with several faults are refused with each of them once', async () => {
    const file = fileWith({ reconcile: { attempts: 0, parallel: 'many' }, upkeap: {} })
    await expect(readSettings(file)).rejects.toMatchObject({
      message: `${file} has 3 faults.`,
      details: [
        { path: 'reconcile.attempts', message: 'must be at least 1, but is 0' },
        { path: 'reconcile.parallel', message: 'must be a number, but is the text "many"' },
        { path: 'upkeap', message: 'is no setting', hint: 'Did you mean upkeep?' },
      ],
    })
  })

  it.each(['{ "backends": { "index": { "apiKey": hidden } } }', '{ "hidden": "hidden" "x" }', ''])(
    'that are no JSON are refused without a piece of them: %s',
    async (text) => {
      const file = join(tempDir(), 'settings.json')
      writeFileSync(file, text)
      const refusal = await readSettings(file).catch((error: unknown) => error)
      expect(refusal).toMatchObject({ message: expect.stringContaining(`${file}: the document is not JSON: `) })
      expect(String(refusal)).not.toContain('hidden')
    },
  )

  it.each([
    [{ storage: { url: 'http://a', secretKey: 'hidden' } }, 'backends.storage.secretKey', 'MINIO_SECRET_KEY'],
    [{ bus: { url: 'amqp://a', password: 'hidden' } }, 'backends.bus.password', 'AMQP_URL'],
    [{ index: { url: 'http://a', apiKey: 'hidden' } }, 'backends.index.apiKey', 'WEAVIATE_API_KEY'],
  ])('%j are refused with the variable in which a secret belongs', async (backends, field, variable) => {
    const refusal = await readSettings(fileWith({ backends })).catch((error: unknown) => error)
    expect(refusal).toMatchObject({
      code: 'invalid-setting',
      message: expect.stringContaining(field),
      hint: expect.stringContaining(variable),
    })
    expect(JSON.stringify(refusal) + String(refusal)).not.toContain('hidden')
  })
})
