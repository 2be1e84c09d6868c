import { connect, createServer } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { startCuttableLink } from './cuttable-link.ts'
import { type FaultProxy, startFaultProxy, throttled } from './fault-proxy.ts'

let open: { close(): Promise<void> }[] = []
afterEach(async () => {
  await Promise.all(open.map((one) => one.close()))
  open = []
})
async function start(options: Parameters<typeof startFaultProxy>[0]): Promise<FaultProxy> {
  const proxy = await startFaultProxy(options)
  open.push(proxy)
  return proxy
}

describe('the fault proxy', () => {
  it('passes requests to a service and its answers back', async () => {
    const service = await start({
      handler: ({ method, body }) => ({ status: 201, headers: { 'x-a': 'b' }, body: { method, body } }),
    })
    const proxy = await start({ upstream: service.url })
    const answer = await fetch(`${proxy.url}/x?y=1`, { method: 'PUT', body: 'hello' })
    expect([answer.status, answer.headers.get('x-a'), await answer.json()]).toEqual([
      201,
      'b',
      { method: 'PUT', body: 'hello' },
    ])
    expect(service.requests[0]?.path).toBe('/x?y=1')
  })

  it('answers in place of the service as often as told, where told', async () => {
    const proxy = await start({ handler: () => ({ status: 200, body: 'fine' }) })
    proxy.inject({ match: /^GET \/a/, times: 1, respond: throttled(7) })
    expect((await fetch(`${proxy.url}/b`)).status).toBe(200)
    const refused = await fetch(`${proxy.url}/a`)
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '7'])
    expect((await fetch(`${proxy.url}/a`)).status).toBe(200)
  })

  it('cuts, hangs and talks junk until the fault is removed', async () => {
    const proxy = await start({ handler: () => ({ status: 200, body: { fine: true } }) })
    for (const cut of ['before', 'midway'] as const) {
      const remove = proxy.inject({ cut })
      await expect(fetch(proxy.url).then((answer) => answer.text())).rejects.toThrow()
      remove()
    }
    const remove = proxy.inject({ malformed: true })
    await expect(fetch(proxy.url).then((answer) => answer.json())).rejects.toThrow(SyntaxError)
    remove()
    proxy.inject({ hang: true, times: 1 })
    const hanging = fetch(proxy.url)
    await expect.poll(() => proxy.requests.length).toBe(4)
    proxy.cutAll()
    await expect(hanging).rejects.toThrow()
    expect(await (await fetch(proxy.url)).json()).toEqual({ fine: true })
  })
})

describe('the cuttable link', () => {
  it('drops what is open, refuses while cut, and carries again when mended', async () => {
    const server = createServer((socket) => socket.on('error', () => {}).pipe(socket)).listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const link = await startCuttableLink((server.address() as { port: number }).port)
    open.push(link, { close: () => new Promise<void>((resolve) => server.close(() => resolve())) })
    const echo = () =>
      new Promise<string>((resolve, reject) => {
        const socket = connect(link.port, '127.0.0.1', () => socket.write('hi'))
        socket.on('data', (data) => {
          socket.destroy()
          resolve(String(data))
        })
        socket.on('error', reject).on('close', () => reject(new Error('closed')))
      })
    expect(await echo()).toBe('hi')
    link.cut()
    await expect(echo()).rejects.toThrow()
    link.mend()
    expect(await echo()).toBe('hi')
  })
})
