/** Services that answer the SDKs without an end, not to the end, or not at all: what is read and waited for has a bound. */
import { createServer as createPlainServer } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { azureCredential } from '../../../src/azure/auth/credential.ts'
import type { AnswerLimits } from '../../../src/azure/http/bounded-http-client.ts'
import { createRestClient } from '../../../src/azure/http/rest-client.ts'
import { createLakeClient } from '../../../src/azure/lake/data-lake.ts'
import { createMetricsSource } from '../../../src/azure/stages/metrics.ts'
import { createStreamAnalyticsStage } from '../../../src/azure/stages/stream-analytics.ts'
import { controlPlaneCertificate } from '../../support/control-plane.ts'

const BOUND = 200_000
/** Far more than the bound and what sockets hold. */
const WHOLE = 64_000_000

let server: Server
let sent: number
let status: number
let answer: 'long' | 'halting' | 'trickling' | 'cut off' | 'none' | 'next page'
beforeEach(async () => {
  sent = 0
  status = 200
  answer = 'long'
  server = createServer(await controlPlaneCertificate(), (request, response) => {
    if (answer === 'none') return
    if (answer === 'next page') {
      // The lists of a job have pages without an end; the job itself has failed, so they are asked for.
      const isList = /\/(in|out)puts\b/.test(request.url ?? '')
      const page = { value: [], nextLink: `${endpoint()}${request.url}` }
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(JSON.stringify(isList ? page : { properties: { jobState: 'Failed' } }))
      return
    }
    response.writeHead(status, { 'content-type': 'application/json', 'content-length': WHOLE })
    response.write('{"value":[')
    if (answer === 'halting') return
    if (answer === 'trickling') {
      const timer = setInterval(() => response.write(' '), 20)
      response.once('close', () => clearInterval(timer))
      return
    }
    if (answer === 'cut off') {
      setImmediate(() => response.destroy())
      return
    }
    const chunk = Buffer.alloc(64_000, ' ')
    const more = () => {
      while (sent < WHOLE && !response.destroyed) {
        sent += chunk.length
        if (!response.write(chunk)) {
          response.once('drain', more)
          return
        }
      }
    }
    more()
  })
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
})
afterEach(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

const credential = { getToken: async () => ({ token: 't', expiresOnTimestamp: 4_102_444_800_000 }) }
const clock = { now: () => Date.now(), monotonic: () => performance.now() }

const LIMITS: AnswerLimits = { bytes: BOUND, silenceMs: 30_000, wholeMs: 60_000 }

/** A call of each SDK over HTTP. */
const CALLS: Record<string, (limits: AnswerLimits) => Promise<unknown>> = {
  'Stream Analytics': (limits) =>
    createStreamAnalyticsStage({
      endpoint: endpoint(),
      credential,
      subscriptionId: 's',
      resourceGroup: 'g',
      job: 'j',
      oldestEvent: async () => undefined,
      clock,
      limits,
    }).status(),
  'Azure Monitor': (limits) =>
    createMetricsSource({
      endpoint: endpoint(),
      audience: 'https://metrics.monitor.azure.com',
      credential,
      management: createRestClient({ service: 'x', endpoint: endpoint(), credential, scope: 'y' }),
      resourceId: '/subscriptions/s/resourceGroups/g/providers/Microsoft.StreamAnalytics/streamingjobs/j',
      createdAt: async () => new Date(),
      clock,
      limits,
    }).jobMetrics(),
  'the data lake': async ({ bytes: pageBytes, silenceMs, wholeMs: pageMs }) => {
    const limits = { pageBytes, silenceMs, pageMs, wholeMs: 60_000, pages: 9 }
    const client = createLakeClient({
      endpoint: `${endpoint()}/account`,
      credential,
      limits: { ...limits, fileBytes: WHOLE, listingBytes: WHOLE },
    })
    for await (const _ of client.list('bronze', 'weather', { recursive: true })) throw new Error('an entry')
  },
}
const endpoint = () => `https://localhost:${(server.address() as AddressInfo).port}`

describe.each(Object.entries(CALLS))('an answer of %s', (service, call) => {
  it.each([200, 500])('with status %i is read up to its bound', async (code) => {
    status = code
    await expect(call(LIMITS)).rejects.toMatchObject({
      message: expect.stringMatching(
        new RegExp(`^${service} at localhost:\\d+ answered with more than 200,000 bytes\\.$`),
      ),
      hint: expect.stringContaining('Check that the address is that of the service'),
    })
    expect(sent).toBeLessThan(WHOLE)
  })

  it('that does not come is not waited for', async () => {
    answer = 'none'
    await expect(call({ ...LIMITS, silenceMs: 200 })).rejects.toMatchObject({
      kind: 'unreachable',
      message: expect.stringMatching(/ at localhost:\d+ does not answer: nothing for 0\.2 s\.$/),
    })
  })

  it('that comes to a halt is not waited for', async () => {
    answer = 'halting'
    await expect(call({ ...LIMITS, silenceMs: 200 })).rejects.toMatchObject({
      kind: 'unreachable',
      message: expect.stringMatching(/ came to a halt: nothing for 0\.2 s\.$/),
    })
  })

  it('that comes byte by byte is not waited for', async () => {
    answer = 'trickling'
    await expect(call({ ...LIMITS, wholeMs: 300 })).rejects.toMatchObject({
      kind: 'unreachable',
      message: expect.stringMatching(/^The answer of .* took longer than 0\.3 s\.$/),
    })
  })

  it('that is cut off says so', async () => {
    answer = 'cut off'
    await expect(call(LIMITS)).rejects.toMatchObject({
      kind: 'unreachable',
      message: `The answer of ${service} was cut off.`,
    })
  })
})

it('a list of the job’s outputs that does not end is given up after its pages', async () => {
  answer = 'next page'
  await expect(CALLS['Stream Analytics']?.(LIMITS)).rejects.toMatchObject({
    message: 'The list of the job’s outputs does not end: 20 pages were read.',
  })
})

it('a token that does not end is read up to its bound', async () => {
  const plain = createPlainServer((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    const more = () => {
      while (!response.destroyed && sent < WHOLE) {
        sent += 64_000
        if (!response.write(' '.repeat(64_000))) return void response.once('drain', more)
      }
      response.end()
    }
    more()
  })
  await new Promise<void>((resolve) => plain.listen(0, 'localhost', resolve))
  const port = (plain.address() as AddressInfo).port
  vi.stubEnv('AZURE_TOKEN_CREDENTIALS', 'ManagedIdentityCredential')
  vi.stubEnv('IDENTITY_ENDPOINT', `http://localhost:${port}/token`)
  vi.stubEnv('IDENTITY_HEADER', 'header')
  try {
    const keeper = await azureCredential(undefined, LIMITS)
    await expect(keeper.getToken('s/.default')).rejects.toMatchObject({ kind: 'authorization' })
    expect(sent).toBeLessThan(WHOLE)
  } finally {
    vi.unstubAllEnvs()
    plain.closeAllConnections()
    await new Promise((resolve) => plain.close(resolve))
  }
})
