/** Services that answer the SDKs without an end, or not to the end: what is read of it has a bound. */
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createRestClient } from '../../../src/azure/http/rest-client.ts'
import { createMetricsSource } from '../../../src/azure/stages/metrics.ts'
import { createStreamAnalyticsStage } from '../../../src/azure/stages/stream-analytics.ts'
import { controlPlaneCertificate } from '../../support/control-plane.ts'

const BOUND = 200_000
/** Far more than the bound and what sockets hold. */
const WHOLE = 64_000_000

let server: Server
let sent: number
let status: number
let answer: 'long' | 'halting' | 'cut off'
beforeEach(async () => {
  sent = 0
  status = 200
  answer = 'long'
  server = createServer(await controlPlaneCertificate(), (_, response) => {
    response.writeHead(status, { 'content-type': 'application/json', 'content-length': WHOLE })
    response.write('{"value":[')
    if (answer === 'halting') return
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

/** A call of each SDK over HTTP. */
const CALLS: Record<string, (silenceMs: number) => Promise<unknown>> = {
  'Stream Analytics': (silenceMs) =>
    createStreamAnalyticsStage({
      endpoint: endpoint(),
      credential,
      subscriptionId: 's',
      resourceGroup: 'g',
      job: 'j',
      oldestEvent: async () => undefined,
      clock,
      limits: { bytes: BOUND, silenceMs },
    }).status(),
  'Azure Monitor': (silenceMs) =>
    createMetricsSource({
      endpoint: endpoint(),
      audience: 'https://metrics.monitor.azure.com',
      credential,
      management: createRestClient({ service: 'x', endpoint: endpoint(), credential, scope: 'y' }),
      resourceId: '/subscriptions/s/resourceGroups/g/providers/Microsoft.StreamAnalytics/streamingjobs/j',
      createdAt: async () => new Date(),
      clock,
      limits: { bytes: BOUND, silenceMs },
    }).jobMetrics(),
}
const endpoint = () => `https://localhost:${(server.address() as AddressInfo).port}`

describe.each(Object.entries(CALLS))('an answer of %s', (service, call) => {
  it.each([200, 500])('with status %i is read up to its bound', async (code) => {
    status = code
    await expect(call(30_000)).rejects.toMatchObject({
      message: expect.stringMatching(
        new RegExp(`^${service} at localhost:\\d+ answered with more than 200,000 bytes\\.$`),
      ),
      hint: expect.stringContaining('Check that the address is that of the service'),
    })
    expect(sent).toBeLessThan(WHOLE)
  })

  it('that comes to a halt is not waited for', async () => {
    answer = 'halting'
    await expect(call(200)).rejects.toMatchObject({
      kind: 'unreachable',
      message: expect.stringMatching(/ came to a halt: nothing for 0\.2 s\.$/),
    })
  })

  it('that is cut off says so', async () => {
    answer = 'cut off'
    await expect(call(30_000)).rejects.toMatchObject({
      kind: 'unreachable',
      message: `The answer of ${service} was cut off.`,
    })
  })
})
