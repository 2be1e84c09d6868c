/** The adapters' client of the lake, over TLS with the session's token, to a server of a test; it tells what was asked. */
import tls from 'node:tls'
import { createLakeClient, type LakeClient } from '../../src/azure/lake/data-lake.ts'
import { type LakeServer, TOKEN } from './lake-server.ts'

export interface WatchedClient extends LakeClient {
  /** `read silver/weather/…` and `list bronze/weather from 2026/…`, in their order. */
  asked: string[]
  /** Entries that listings have returned. */
  listed: number
  /** Called before each request; what it throws fails the request. */
  before: (what: string) => void | Promise<void>
}

export function lakeClient({ tlsEndpoint, tls: certificate }: LakeServer, token = TOKEN): WatchedClient {
  tls.setDefaultCACertificates([...tls.getCACertificates('default'), certificate.cert])
  const credential = { getToken: async () => ({ token, expiresOnTimestamp: 4_102_444_800_000 }) }
  const client = createLakeClient({ endpoint: tlsEndpoint, credential })
  const watched: WatchedClient = {
    asked: [],
    listed: 0,
    before: () => {},
    async *list(container, folder, options) {
      const what = `list ${container}/${folder}${options.startFrom === undefined ? '' : ` from ${options.startFrom}`}`
      watched.asked.push(what)
      await watched.before(what)
      for await (const entry of client.list(container, folder, options)) {
        watched.listed++
        yield entry
      }
    },
    async read(container, path, signal, range) {
      const what = `read ${container}/${path}${range ? ` at ${range.offset}` : ''}`
      watched.asked.push(what)
      await watched.before(what)
      return client.read(container, path, signal, range)
    },
  }
  return watched
}
