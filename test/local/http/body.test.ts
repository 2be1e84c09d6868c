/** How far the body of a refused request is read on. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { askForBodyWhenRead, drainBody } from '../../../src/local/http/body.ts'

/** A server that only collects its requests. */
const server = createServer()
afterEach(() => {
  server.closeAllConnections()
  server.close()
})

/** Sends so many bytes of a body that is said to be so long, or is sent in chunks, and does not end it. */
async function arrived(sent: number, length: number | undefined, headers: Record<string, string> = {}) {
  if (!server.listening) await once(server.listen(0, '127.0.0.1'), 'listening')
  const waits = 'expect' in headers
  const incoming = once(server, waits ? 'checkContinue' : 'request') as Promise<
    [IncomingMessage, Parameters<typeof askForBodyWhenRead>[1]]
  >
  const client = request({
    port: (server.address() as AddressInfo).port,
    method: 'PUT',
    headers: { ...(length !== undefined && { 'content-length': String(length) }), ...headers },
  })
  client.on('error', () => {})
  client.flushHeaders()
  if (sent > 0) client.write(Buffer.alloc(sent))
  const [message, response] = await incoming
  if (waits) askForBodyWhenRead(message, response)
  return { message, client }
}

/** In effect no bound: what ends by it alone does not end in a test's time. */
const NEVER_MS = 2 ** 31 - 1

describe('the body of a refused request is read on', () => {
  it('to its end', async () => {
    const { message, client } = await arrived(10, 20)
    const drained = drainBody(message, { bytes: 1000, ms: NEVER_MS })
    client.end(Buffer.alloc(10))
    await drained
    expect(message.complete).toBe(true)
  })

  it('not at all when it is said to be longer than the bound', async () => {
    const { message } = await arrived(0, 1001)
    await drainBody(message, { bytes: 1000, ms: NEVER_MS })
    expect(message.complete).toBe(false)
  })

  it('up to the bound of bytes when nothing is said of its length', async () => {
    const { message } = await arrived(2000, undefined)
    await drainBody(message, { bytes: 1000, ms: NEVER_MS })
    expect(message.complete).toBe(false)
  })

  it('up to the bound of time when it does not come', async () => {
    const { message } = await arrived(1, 100)
    await drainBody(message, { bytes: 1000, ms: 20 })
    expect(message.complete).toBe(false)
  })

  it('never where the client waits to be asked for it', async () => {
    const { message } = await arrived(0, 100, { expect: '100-continue' })
    await drainBody(message, { bytes: 1000, ms: NEVER_MS })
    expect(message.complete).toBe(false)
  })

  it('until the client goes away', async () => {
    const { message, client } = await arrived(1, 100)
    const drained = drainBody(message, { bytes: 1000, ms: NEVER_MS })
    client.destroy()
    await drained
    expect(message.complete).toBe(false)
  })
})
