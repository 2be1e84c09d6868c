/** The lake's server on a temporary folder, the SDK's client for it, and requests that no library has tidied. */
import { createHmac } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { type IncomingHttpHeaders, request } from 'node:http'
import { request as tlsRequest } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DataLakeServiceClient, StorageSharedKeyCredential } from '@azure/storage-file-datalake'
import type { Logger } from 'pino'
import { startDataLake } from '../../src/local/data-lake/server.ts'
import { LakeFolder } from '../../src/local/data-lake/store/folder.ts'
import { createCertificate } from '../../src/local/runtime/certificate.ts'
import { type Clock, systemClock } from '../../src/local/runtime/clock.ts'
import { memoryLogger } from './memory-logger.ts'

export const ACCOUNT = 'rtstreamlocal'
export const KEY = Buffer.from('the key of a test').toString('base64')
export const TOKEN = 'the-token-of-a-test'

export interface RawOptions {
  query?: string
  headers?: Record<string, string>
  body?: string | Buffer
  /** Default true: a right SharedKey signature is added. */
  isSigned?: boolean
  /** Of the answer's text. Default utf8. */
  encoding?: BufferEncoding
}

export interface RawAnswer {
  status: number
  headers: IncomingHttpHeaders
  text: string
}

/** @param options.logger default: one that keeps its lines to itself. */
export async function startLake({
  limitBytes = 100_000_000,
  logger = memoryLogger().logger,
  clock = systemClock,
}: {
  limitBytes?: number
  logger?: Logger
  clock?: Clock
} = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'rtstream-lake-'))
  const root = join(folder, 'lake')
  for (const container of ['bronze', 'silver', 'gold']) mkdirSync(join(root, container), { recursive: true })
  const tls = await createCertificate(systemClock)
  const lake = new LakeFolder(root, { limitBytes, clock })
  const start = (ports: { plain: number; tls: number }) =>
    startDataLake({
      folder: lake,
      account: ACCOUNT,
      accountKey: KEY,
      token: TOKEN,
      tls,
      ports,
      logger,
      clock,
    })
  let server = await start({ plain: 0, tls: 0 })
  const endpoint = `http://127.0.0.1:${server.plainPort}/${ACCOUNT}`
  return {
    /** Holds the lake's folder and nothing else. */
    folder,
    root,
    lake,
    tls,
    endpoint,
    tlsEndpoint: `https://localhost:${server.tlsPort}/${ACCOUNT}`,
    plainPort: server.plainPort,
    /** What is being written and not visible yet. */
    unfinished: () => readdirSync(join(root, '.unfinished')),
    credential: new StorageSharedKeyCredential(ACCOUNT, KEY),
    client: (key = KEY, account = ACCOUNT) =>
      new DataLakeServiceClient(endpoint, new StorageSharedKeyCredential(account, key), {
        retryOptions: { maxTries: 1 },
      }),
    raw: (method: string, path: string, options: RawOptions = {}) =>
      send(server.plainPort, method, path, options),
    /** Over TLS, with the session's token or another. */
    byToken: (method: string, path: string, options: RawOptions = {}, token = TOKEN) =>
      send({ port: server.tlsPort, ca: tls.cert, token }, method, path, options),
    /** Writes a file by the Data Lake's interface, which alone may append to it then. @param path below the account */
    write: async (path: string, content: string) => {
      await send(server.plainPort, 'PUT', path, { query: 'resource=file' })
      await send(server.plainPort, 'PATCH', path, { query: 'action=append&position=0', body: content })
      const query = `action=flush&position=${Buffer.byteLength(content)}`
      return send(server.plainPort, 'PATCH', path, { query })
    },
    /** Stops the server, and starts it on the same folder and ports. */
    restart: async () => {
      await server.close()
      server = await start({ plain: server.plainPort, tls: server.tlsPort })
    },
    close: async () => {
      await server.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export type LakeServer = Awaited<ReturnType<typeof startLake>>

/** A request as it is. @param path below the account. */
function send(
  to: number | { port: number; ca: string; token: string },
  method: string,
  path: string,
  options: RawOptions,
): Promise<RawAnswer> {
  const { query = '', headers = {}, body = '', isSigned = true, encoding = 'utf8' } = options
  const all: Record<string, string> = {
    'x-ms-date': new Date().toUTCString(),
    'x-ms-version': '2023-11-03',
    'content-length': String(Buffer.byteLength(body)),
    ...headers,
  }
  const target = `/${ACCOUNT}${path}`
  const isTls = typeof to !== 'number'
  if (isTls) all.authorization = `Bearer ${to.token}`
  else if (isSigned) all.authorization = `SharedKey ${ACCOUNT}:${signature(method, target, query, all)}`
  return new Promise((done, fail) => {
    const asked = { method, path: query ? `${target}?${query}` : target, headers: all, agent: false }
    const sent = isTls
      ? tlsRequest({ ...asked, host: 'localhost', port: to.port, ca: to.ca })
      : request({ ...asked, host: '127.0.0.1', port: to })
    sent.on('error', fail)
    sent.on('response', async (response) => {
      try {
        let text = ''
        for await (const chunk of response.setEncoding(encoding)) text += chunk
        done({ status: response.statusCode ?? 0, headers: response.headers, text })
      } catch (error) {
        fail(error)
      }
    })
    sent.end(body)
  })
}

export function signature(
  method: string,
  target: string,
  query: string,
  headers: Record<string, string>,
): string {
  const standard = [
    'content-encoding',
    'content-language',
    'content-length',
    'content-md5',
    'content-type',
    'date',
    'if-modified-since',
    'if-match',
    'if-none-match',
    'if-unmodified-since',
    'range',
  ]
  const values = standard.map((name) =>
    name === 'content-length' && headers[name] === '0' ? '' : (headers[name] ?? ''),
  )
  const ms = Object.keys(headers)
    .filter((name) => name.startsWith('x-ms-'))
    .sort()
    .map((name) => `${name}:${headers[name]}\n`)
  const parameters = [...new URLSearchParams(query)]
    .map(([name, value]) => [name.toLowerCase(), value] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `\n${name}:${value}`)
  const text = `${method}\n${values.join('\n')}\n${ms.join('')}/${ACCOUNT}${target}${parameters.join('')}`
  return createHmac('sha256', Buffer.from(KEY, 'base64')).update(text, 'utf8').digest('base64')
}
