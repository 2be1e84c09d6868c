/** A data lake that answers without an end, or not to the end: each wait and each read has a bound. */
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createLakeClient, type LakeLimits } from '../../../src/azure/lake/data-lake.ts'
import { controlPlaneCertificate } from '../../support/control-plane.ts'

let server: Server
beforeEach(async () => {
  server = createServer(await controlPlaneCertificate(), (request, response) => {
    if (request.url?.includes('resource=filesystem')) {
      // A page without entries, and more to come, whatever is asked.
      response.writeHead(200, { 'content-type': 'application/json', 'x-ms-continuation': 'again' })
      const page = `{"paths":[]}${' '.repeat(1000)}`
      if (request.url.includes('slow')) setTimeout(() => response.end(page), 50)
      else response.end(page)
      return
    }
    response.writeHead(200, { 'content-length': '1000000', etag: '"1"' })
    if (request.url?.includes('/halting')) response.write('the first bytes')
    else if (request.url?.includes('/trickling')) {
      const timer = setInterval(() => response.write('.'), 20)
      response.once('close', () => clearInterval(timer))
    } else response.end(Buffer.alloc(1_000_000))
  })
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
})
afterEach(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

const LIMITS: LakeLimits = {
  ...{ fileBytes: 2_000_000, pages: 20, pageBytes: 1_000_000, listingBytes: 1_000_000 },
  ...{ silenceMs: 30_000, wholeMs: 60_000, pageMs: 60_000 },
}
const client = (limits: Partial<LakeLimits> = {}) =>
  createLakeClient({
    endpoint: `https://localhost:${(server.address() as AddressInfo).port}/account`,
    credential: { getToken: async () => ({ token: 't', expiresOnTimestamp: 4_102_444_800_000 }) },
    limits: { ...LIMITS, ...limits },
  })

it.each<[string, string, Partial<LakeLimits>, string]>([
  ['its pages', 'weather', {}, '20 pages were read'],
  ['its bytes', 'weather', { listingBytes: 5000 }, 'more than 5,000 bytes were read'],
  ['its time', 'slow', { wholeMs: 200 }, 'it took longer than 0.2 s'],
])('a listing that never ends is given up after %s', async (_, folder, limits, read) => {
  const listing = async () => {
    for await (const _ of client(limits).list('bronze', folder, { recursive: true }))
      throw new Error('an entry')
  }
  await expect(listing()).rejects.toMatchObject({
    message: `The listing of bronze/${folder} does not end: ${read}.`,
    hint: expect.stringContaining('retention'),
  })
})

it('a file is read up to its bound', async () => {
  expect(await client().read('gold', 'whole')).toHaveLength(1_000_000)
  await expect(client({ fileBytes: 500_000 }).read('gold', 'weather/long')).rejects.toMatchObject({
    message: 'gold/weather/long has more than 500,000 bytes and is not read.',
  })
})

it('a file that comes byte by byte is not waited for', async () => {
  await expect(client({ wholeMs: 300 }).read('gold', 'trickling')).rejects.toMatchObject({
    kind: 'unreachable',
    message: 'gold/trickling took longer than 0.3 s.',
  })
})

it('a file that comes to a halt is not waited for', async () => {
  await expect(client({ silenceMs: 200 }).read('gold', 'halting')).rejects.toMatchObject({
    kind: 'unreachable',
    message: 'gold/halting came to a halt: nothing for 0.2 s.',
  })
})
