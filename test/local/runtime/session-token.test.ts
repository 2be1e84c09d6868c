import { describe, expect, it } from 'vitest'
import { fixedSecrets, sessionSecrets } from '../../../src/local/runtime/session-secrets.ts'
import { LOCAL_USER } from '../../../src/local/runtime/session-token.ts'

const partsOf = (token: string) => token.split('.')
const read = (part = '') => JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))

describe('the token of a session', () => {
  it('tells clients who they are, as a token of Microsoft Entra does', () => {
    const [head, claims, secret, ...more] = partsOf(sessionSecrets(undefined).token)
    expect(read(head)).toMatchObject({ typ: 'JWT' })
    expect(read(claims)).toMatchObject(LOCAL_USER)
    expect(secret).toMatch(/^[\w-]{43}$/)
    expect(more).toEqual([])
  })

  it('is another one each time, but for the keys that everybody has', () => {
    expect(sessionSecrets(undefined).token).not.toBe(sessionSecrets(undefined).token)
    expect(fixedSecrets().token).toBe(fixedSecrets().token)
  })
})
