/** Which way a request takes when the environment names a proxy. */
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'

type Exchange = typeof import('../../../src/azure/http/exchange.ts').exchange

const open: http.Server[] = []
/** Answers everything with its name. @returns its address. */
async function answering(name: string): Promise<string> {
  const server = http.createServer((request, response) => response.end(`${name} ${request.url}`))
  open.push(server)
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
const ownAgent = http.globalAgent

let proxy: string
let service: string
let exchange: Exchange
beforeEach(async () => {
  for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'no_proxy'])
    vi.stubEnv(name, undefined)
  proxy = await answering('proxy')
  service = await answering('service')
  // What it keeps of the environment is of its first request.
  vi.resetModules()
  exchange = (await import('../../../src/azure/http/exchange.ts')).exchange
})
afterEach(async () => {
  vi.unstubAllEnvs()
  http.globalAgent = ownAgent
  await Promise.all(
    open.splice(0).map((server) => {
      server.closeAllConnections()
      return new Promise((done) => server.close(done))
    }),
  )
})

/** Since 22.21 and 24.5. */
function knowsProxies(): boolean {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  return major > 24 || (major === 24 && minor >= 5) || (major === 22 && minor >= 21)
}

const ask = async (address: string) => {
  const signal = AbortSignal.timeout(20_000)
  const given = { method: 'GET', headers: {}, body: undefined, signal, maxBytes: 1000 }
  return (await exchange(new URL(address), given)).text
}

it('straight, where none is named', async () => {
  expect(await ask(`${service}/a`)).toBe('service /a')
})

it('to the proxy that is named, as the SDKs go', async (context) => {
  if (!knowsProxies()) return context.skip('this Node knows no proxies')
  vi.stubEnv('HTTP_PROXY', proxy)
  expect(await ask('http://workspace.example/api')).toBe('proxy http://workspace.example/api')
})

it('past it to what NO_PROXY names', async () => {
  vi.stubEnv('HTTP_PROXY', proxy)
  vi.stubEnv('NO_PROXY', 'localhost,127.0.0.1')
  expect(await ask(`${service}/b`)).toBe('service /b')
})

it('past it too if Node itself was told of proxies when it started, before NO_PROXY was set', async () => {
  http.globalAgent = new http.Agent({ proxyEnv: { HTTP_PROXY: proxy } })
  vi.stubEnv('HTTP_PROXY', proxy)
  vi.stubEnv('NO_PROXY', 'localhost,127.0.0.1')
  expect(await ask(`${service}/c`)).toBe('service /c')
})
