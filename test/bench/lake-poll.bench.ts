/**
 * What one poll of the lake's watcher costs while bronze grows: `node test/bench/lake-poll.bench.ts [files…]`.
 * Over the real local server, in this process: the CPU is that of watcher and server together.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import tls from 'node:tls'
import pino from 'pino'
import { createLakeClient } from '../../src/azure/lake/data-lake.ts'
import { createLakeReader } from '../../src/azure/lake/lake-reader.ts'
import { bronzeFileName, bronzeFolder } from '../../src/contract/bronze-layout.ts'
import { TABLES } from '../../src/contract/tables.ts'
import { startDataLake } from '../../src/local/data-lake/server.ts'
import { LakeFolder } from '../../src/local/data-lake/store/folder.ts'
import { createCertificate } from '../../src/local/runtime/certificate.ts'

const PARTITIONS = 4
/** As the local Stream Analytics job writes under load: a file per partition and second. */
const FILES_PER_MINUTE = PARTITIONS * 60
const ROWS = 25
const REQUESTS = 'http.server.request.start'

export interface PollCost {
  /** CPU of a poll, watcher and server (ms). */
  cpuMs: number
  requests: number
}

/** @returns the cost of the first poll, and the means of polls without and with a new file per partition. */
export async function benchLakePoll(
  files: number,
  polls: number,
): Promise<{ first: PollCost; quiet: PollCost; growing: PollCost }> {
  const root = mkdtempSync(join(tmpdir(), 'rtstream-lake-poll-'))
  const end = Date.parse('2026-11-24T12:00:00Z')
  const bronze = new BronzeWriter(root, end - (files / FILES_PER_MINUTE) * 60_000)
  for (let index = 0; index < files; index++) bronze.place()
  for (const { container, path } of Object.values(TABLES)) {
    mkdirSync(join(root, container, path, '_delta_log'), { recursive: true })
    writeFileSync(join(root, container, path, '_delta_log', `${'0'.repeat(20)}.json`), '')
  }
  const clock = { now: () => bronze.now }
  const folder = new LakeFolder(root, { limitBytes: 1e12, clock })
  const certificate = await createCertificate()
  tls.setDefaultCACertificates([...tls.getCACertificates('default'), certificate.cert])
  const server = await startDataLake({
    folder,
    account: 'bench',
    accountKey: 'YmVuY2g=',
    token: 'bench',
    tls: certificate,
    ports: { plain: 0, tls: 0 },
    logger: pino({ level: 'silent' }),
    clock,
  })
  let requests = 0
  const count = () => {
    requests++
  }
  subscribe(REQUESTS, count)
  try {
    await folder.counted
    const credential = { getToken: async () => ({ token: 'bench', expiresOnTimestamp: 4_102_444_800_000 }) }
    const client = createLakeClient({ endpoint: `https://localhost:${server.tlsPort}/bench`, credential })
    const reader = createLakeReader({ client, clock })
    const measure = async (times: number, before: () => void): Promise<PollCost> => {
      let cpu = 0
      requests = 0
      for (let index = 0; index < times; index++) {
        before()
        const begun = process.cpuUsage()
        const { snapshot, errors } = await reader.poll(bronze.hubState())
        const { user, system } = process.cpuUsage(begun)
        cpu += user + system
        const [error] = errors.values()
        if (error) throw error
        if (snapshot.bronze.files !== bronze.files || snapshot.bronze.rows !== bronze.files * ROWS)
          throw new Error(`${snapshot.bronze.files} files were counted, ${bronze.files} are there`)
      }
      return { cpuMs: cpu / 1000 / times, requests: requests / times }
    }
    const first = await measure(1, () => {})
    // The first polls compile the code.
    await measure(Math.ceil(polls / 3), () => {})
    const quiet = await measure(polls, () => {})
    const growing = await measure(polls, () => {
      for (let partition = 0; partition < PARTITIONS; partition++) bronze.place()
    })
    return { first, quiet, growing }
  } finally {
    unsubscribe(REQUESTS, count)
    await server.close()
    rmSync(root, { recursive: true, force: true })
  }
}

/** Files as the local job names them, one partition after the other, and the hub that stands where bronze does. */
class BronzeWriter {
  files = 0
  now: number
  readonly #root: string
  readonly #begun: number
  readonly #next: number[] = Array(PARTITIONS).fill(0)

  constructor(root: string, begun: number) {
    this.#root = root
    this.#begun = begun
    this.now = begun
  }

  place(): void {
    const partition = this.files % PARTITIONS
    this.now = this.#begun + (this.files / FILES_PER_MINUTE) * 60_000
    const first = this.#next[partition] as number
    this.#next[partition] = first + ROWS
    const name = bronzeFileName({
      partition,
      firstSequenceNumber: first,
      lastSequenceNumber: first + ROWS - 1,
      rows: ROWS,
    })
    const place = join(this.#root, 'bronze', bronzeFolder(new Date(this.now)), name)
    mkdirSync(dirname(place), { recursive: true })
    writeFileSync(place, '{}\n')
    this.files++
  }

  hubState() {
    const lastSequenceNumbers = new Map(this.#next.map((next, id) => [String(id), next - 1]))
    return { at: this.now, lastSequenceNumbers }
  }
}

if (import.meta.main) {
  const sizes = process.argv.slice(2).map(Number)
  const told = ({ cpuMs, requests }: PollCost) => `${cpuMs.toFixed(1)} ms, ${requests.toFixed(1)} requests`
  for (const files of sizes.length > 0 ? sizes : [100, 10_000, 100_000]) {
    const { first, quiet, growing } = await benchLakePoll(files, 30)
    console.log(
      `${files.toLocaleString('en-US')} files: first poll ${told(first)}; quiet ${told(quiet)}; ${PARTITIONS} new files ${told(growing)}`,
    )
  }
}
