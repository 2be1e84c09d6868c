/** A blob in blocks by plain HTTP, with and without a structured body: no SDK's own checksums stand in the figures. */
import { once } from 'node:events'
import { type Agent, request } from 'node:http'
import { type ContainerClient, ContainerSASPermissions } from '@azure/storage-blob'
import { STRUCTURED_FORM, wrapStructured } from '../../src/local/data-lake/checksums/structured-body.ts'

/** Where it goes, and in which pieces. */
export interface BlockOptions {
  container: ContainerClient
  agent: Agent
  content: Buffer
  /** Bytes of each. */
  block: number
  isStructured: boolean
}

/** What is measured: all blocks up with their list, the same ranges down. */
export interface Blocks {
  up(): Promise<void>
  down(): Promise<void>
  remove(): Promise<unknown>
}

/** Settles once the bodies are made: what the client does for them is not measured. */
export async function blocksOf(options: BlockOptions): Promise<Blocks> {
  const { container, agent, content, block, isStructured } = options
  const url = new URL(
    await container.generateSasUrl({
      permissions: ContainerSASPermissions.parse('rwd'),
      expiresOn: new Date(Date.now() + 3_600_000),
    }),
  )
  const target = `${url.pathname}/blocks${url.search}`
  const call = async (method: string, query: string, headers: Record<string, string>, body?: Buffer) => {
    const length = { 'content-length': String(body?.length ?? 0), 'x-ms-version': '2025-07-05' }
    const sent = request({
      agent,
      method,
      host: url.hostname,
      port: url.port,
      path: `${target}${query}`,
      headers: { ...headers, ...length },
    })
    sent.end(body)
    const [response] = await once(sent, 'response')
    let bytes = 0
    for await (const chunk of response) bytes += chunk.length
    if (response.statusCode >= 300) throw new Error(`${method} ${query}: ${response.statusCode}`)
    return bytes
  }
  const ids = Array.from({ length: content.length / block }, (_, index) =>
    Buffer.from(String(index).padStart(6, '0')).toString('base64'),
  )
  const pieces = ids.map((_, index) => content.subarray(index * block, (index + 1) * block))
  const bodies = isStructured ? await envelopes(content, pieces) : pieces
  const form = { 'x-ms-structured-body': STRUCTURED_FORM }
  const asked = isStructured ? { ...form, 'x-ms-structured-content-length': String(block) } : {}
  const list = `<BlockList>${ids.map((id) => `<Latest>${id}</Latest>`).join('')}</BlockList>`
  return {
    up: async () => {
      const put = (id: string, index: number) =>
        call('PUT', `&comp=block&blockid=${encodeURIComponent(id)}`, asked, bodies[index])
      await Promise.all(ids.map(put))
      await call('PUT', '&comp=blocklist', {}, Buffer.from(list))
    },
    down: async () => {
      const range = (index: number) => `bytes=${index * block}-${(index + 1) * block - 1}`
      const get = (_: string, index: number) =>
        call('GET', '', { 'x-ms-range': range(index), ...(isStructured && form) })
      const read = await Promise.all(ids.map(get))
      if (read.some((bytes) => bytes < block)) throw new Error('a range came short')
    },
    remove: () => call('DELETE', '', {}),
  }
}

const made = new Map<Buffer, Promise<Buffer[]>>()

/** Made once. */
function envelopes(content: Buffer, pieces: readonly Buffer[]): Promise<Buffer[]> {
  const known = made.get(content) ?? Promise.all(pieces.map(wrapped))
  made.set(content, known)
  return known
}

async function wrapped(piece: Buffer): Promise<Buffer> {
  const message: Buffer[] = []
  for await (const part of wrapStructured([piece], piece.length)) message.push(part)
  return Buffer.concat(message)
}
