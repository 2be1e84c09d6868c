import { afterEach, expect, it, vi } from 'vitest'
import { connectAzure } from '../../../src/commands/shared/connect-azure.ts'
import { wrongProxies } from '../../../src/local/runtime/proxies.ts'

afterEach(() => vi.unstubAllEnvs())

it('a proxy that no SDK can take is named before anything is asked', async () => {
  vi.stubEnv('HTTPS_PROXY', '10.0.0.1:8080')
  await expect(connectAzure({ azure: {} } as never)).rejects.toMatchObject({
    message: 'The environment variable HTTPS_PROXY is no address of a proxy.',
    hint: expect.stringContaining('http://proxy.example.org:8080'),
  })
})

it('addresses with a scheme are right, and none is too', () => {
  expect(
    wrongProxies({ https_proxy: 'http://10.0.0.1:8080', HTTP_PROXY: '', ALL_PROXY: 'socks5://x:1' }),
  ).toEqual([])
  expect(wrongProxies({ http_proxy: '%', PATH: '%' })).toEqual(['http_proxy'])
})
