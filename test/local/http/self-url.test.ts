import type { IncomingMessage } from 'node:http'
import { expect, it } from 'vitest'
import { selfUrl } from '../../../src/local/http/self-url.ts'

it('a link leads back the way the client came, or to this machine when it named no host', () => {
  const request = (host?: string) =>
    ({ headers: host === undefined ? {} : { host }, socket: { localPort: 5 } }) as IncomingMessage
  expect(selfUrl(request('127.0.0.1:6'), '/a?b')).toBe('https://127.0.0.1:6/a?b')
  expect(selfUrl(request(), '/a?b')).toBe('https://localhost:5/a?b')
})
