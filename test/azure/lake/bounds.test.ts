/** A data lake that answers without an end, or not to the end: each wait and each read has a bound. */
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createLakeClient } from '../../../src/azure/lake/data-lake.ts'
import { controlPlaneCertificate } from '../../support/control-plane.ts'

let server: Server
beforeEach(async () => {
  server = createServer(await controlPlaneCertificate(), (request, response) => {
    if (request.url?.includes('resource=filesystem')) {
      // An empty page, and more to come, whatever is asked.
      response.writeHead(200, { 'content-type': 'application/json', 'x-ms-continuation': 'again' })
      response.end('{"paths":[]}')
      return
    }
    response.writeHead(200, { 'content-length': '1000000', etag: '"1"' })
    if (request.url?.includes('/halting')) response.write('the first bytes')
    else response.end(Buffer.alloc(1_000_000))
  })
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
})
afterEach(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

const client = (limits: { fileBytes?: number; silenceMs?: number } = {}) =>
  createLakeClient({
    endpoint: `https://localhost:${(server.address() as AddressInfo).port}/account`,
    credential: { getToken: async () => ({ token: 't', expiresOnTimestamp: 4_102_444_800_000 }) },
    limits: { fileBytes: 2_000_000, pages: 20, silenceMs: 30_000, ...limits },
  })

it('a listing that never ends is given up after its pages', async () => {
  const listing = async () => {
    for await (const _ of client().list('bronze', 'weather', { recursive: true })) throw new Error('an entry')
  }
  await expect(listing()).rejects.toMatchObject({
    message: 'The listing of bronze/weather does not end: 20 pages were read.',
    hint: expect.stringContaining('retention'),
  })
})

it('a file is read up to its bound', async () => {
  expect(await client().read('gold', 'whole')).toHaveLength(1_000_000)
  await expect(client({ fileBytes: 500_000 }).read('gold', 'weather/long')).rejects.toMatchObject({
    message: 'gold/weather/long has more than 500,000 bytes and is not read.',
  })
})

it('a file that comes to a halt is not waited for', async () => {
  await expect(client({ silenceMs: 200 }).read('gold', 'halting')).rejects.toMatchObject({
    kind: 'unreachable',
    message: 'gold/halting came to a halt: nothing for 0.2 s.',
  })
})
