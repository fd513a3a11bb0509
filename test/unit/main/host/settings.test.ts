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

  it.each([
    [{ bus: { spoolBytes: 1 } }, '"bus.spoolBytes" is not supported by this version yet'],
    [
      { storage: {}, external: { successesToForward: 3 } },
      '"external.successesToForward" is not supported by this version yet; "storage" is not supported by this version yet',
    ],
    [{ external: { deadlineMs: 1 } }, 'external.deadlineMs'],
    [{ backends: { storage: { url: 'http://127.0.0.1:9000', bucket: 'x' } } }, 'backends.storage: Unrecognized key'],
    [{ bus: { dedupe: { days: 0 } } }, 'bus.dedupe.days'],
    [{ bus: { dedupe: { keys: 1.5 } } }, 'bus.dedupe.keys'],
    [{ upkeep: { surveyMs: 1 } }, 'upkeep.surveyMs'],
    [{ bus: { dedup: {} } }, 'dedup'],
    [[], 'the document'],
  ])('%j are refused by file and field', async (value, text) => {
    const file = fileWith(value)
    await expect(readSettings(file)).rejects.toMatchObject({
      code: 'invalid-setting',
      message: expect.stringMatching(new RegExp(`^${file}.*${text.replaceAll('.', '\\.')}`)),
    })
  })

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
