/** What a backend says of itself when something is wrong. */
import { expect } from 'vitest'
import type { Examinable } from '../../src/main/core/ports/examinable'

/** Exactly one thing is wrong, and there is advice on it. */
export async function expectUnwell(backend: Examinable, name: string, message: RegExp): Promise<void> {
  const unwell = (await backend.examine(new AbortController().signal)).filter(({ ok }) => !ok)
  expect(unwell).toEqual([{ name, ok: false, message: expect.stringMatching(message), advice: expect.any(String) }])
}
