/** `thatdam token`. */
import { describe, expect, it } from 'vitest'
import { UserError } from '../../../../src/shared/errors'
import { fakeHost, fakeNode, run } from './fakes'

const created_at = '2026-11-24T05:12:03.000Z'

describe('token', () => {
  it('create shows the token alone on the first line, and how to send it', async () => {
    const node = fakeNode({ createToken: ({ name }) => ({ name, token: 'thatdam_secret', created_at }) })
    const host = fakeHost({ node })
    const { out, status } = await run(['token', 'create', 'editor'], host)
    expect(status).toBe(0)
    expect(out.split('\n')[0]).toBe('thatdam_secret')
    expect(out).toContain('Authorization: Bearer TOKEN')
    expect((await run(['token', 'create', 'editor', '--json'], host)).json()).toEqual({
      name: 'editor',
      token: 'thatdam_secret',
      created_at,
    })
    expect(host.open()).toBe(0)
  })

  it('list names them, never a token', async () => {
    const host = fakeHost({ node: fakeNode({ tokens: () => [{ name: 'editor', created_at }] }) })
    expect((await run(['token', 'list'], host)).out).toMatch(/^editor {2}\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\n$/)
    expect((await run(['token', 'list', '--json'], host)).json()).toEqual([{ name: 'editor', created_at }])
    expect((await run(['token', 'list'], fakeHost({ node: fakeNode({ tokens: () => [] }) }))).out).toContain('thatdam token create NAME')
  })

  it('revoke says what that means, and which name there is not', async () => {
    const node = fakeNode({
      revokeToken({ name }) {
        if (name !== 'editor') throw new UserError('not-found', `There is no token named "${name}".`)
        return { name }
      },
    })
    expect((await run(['token', 'revoke', 'editor'], fakeHost({ node }))).out).toContain('Revoked editor')
    expect(await run(['token', 'revoke', 'other'], fakeHost({ node }))).toMatchObject({
      status: 1,
      err: 'error: There is no token named "other".\n',
    })
  })
})
