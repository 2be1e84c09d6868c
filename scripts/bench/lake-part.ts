/** The lake of `serve` beside Azurite, in turns, by the same client: 64 MB in parallel blocks, 1,000 small puts, structured bodies. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { Agent } from 'node:http'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BlobServiceClient, type ContainerClient } from '@azure/storage-blob'
import type { Part } from './figure.ts'
import { blocksOf } from './lake-blocks.ts'
import { SIZED, sizedRound } from './lake-sizes.ts'
import { cpuSeconds } from './process-cost.ts'
import { binOf } from './room.ts'
import { median } from './statistics.ts'
import type { Subject } from './subject.ts'

const AZURITE = '3.35.0'
const ROUNDS = 7
const LARGE = Buffer.alloc(64 * 1024 * 1024, 'rtstream')
const SMALL = Buffer.alloc(1024, 'rtstream')
const PUTS = 1000
/** Puts under way at a time; blocks of the SDK likewise. */
const AT_A_TIME = 8
const BLOCK = 4 * 1024 * 1024

interface Server {
  child: ChildProcess
  connectionString: string
}

async function startServe(subject: Subject): Promise<Server> {
  const args = [binOf(subject), 'serve', '--json', '--ephemeral', '--lake-limit', '20GB']
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  return { child, connectionString: JSON.parse(line.toString()).lakeConnectionString }
}

/** Installed once, in the temporary folder. */
async function startAzurite(): Promise<Server> {
  const folder = join(tmpdir(), `rtstream-bench-azurite-${AZURITE}`)
  const bin = join(folder, 'node_modules/azurite/dist/src/blob/main.js')
  if (!existsSync(bin)) {
    mkdirSync(folder, { recursive: true })
    execFileSync('npm', ['install', '--no-audit', '--no-fund', '--prefix', folder, `azurite@${AZURITE}`], {
      stdio: 'inherit',
    })
  }
  const port = await freePort()
  const data = mkdtempSync(join(tmpdir(), 'rtstream-bench-azurite-data-'))
  // It would tell its maker of every start.
  const args = [
    bin,
    '--silent',
    '--disableTelemetry',
    '--skipApiVersionCheck',
    '--location',
    data,
    '--blobPort',
    String(port),
  ]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  child.once('exit', () => rmSync(data, { recursive: true, force: true }))
  const connectionString = `DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;BlobEndpoint=http://127.0.0.1:${port}/devstoreaccount1`
  await once(child.stdout, 'data')
  return { child, connectionString }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

/** Of one run: how long it took, and what the server had to do for it. */
interface Run {
  ms: number
  cpuMs: number
}

type Times = Record<string, Run[]>

/** @param pid of the server. */
async function timed(times: Times, pid: number, what: string, work: () => Promise<unknown>): Promise<void> {
  const [begun, cpu] = [performance.now(), cpuSeconds(pid)]
  await work()
  times[what] ??= []
  times[what].push({ ms: performance.now() - begun, cpuMs: (cpuSeconds(pid) - cpu) * 1000 })
}

async function inParallel(count: number, work: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0
  const worker = async () => {
    while (next < count) await work(next++)
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, worker))
}

async function rounds(container: ContainerClient, round: number, times: Times, pid: number): Promise<void> {
  const large = container.getBlockBlobClient(`large-${round}`)
  const blocks = { blockSize: BLOCK, concurrency: AT_A_TIME }
  await timed(times, pid, 'up', () => large.uploadData(LARGE, { ...blocks, maxSingleShotSize: BLOCK }))
  const target = Buffer.alloc(LARGE.length)
  await timed(times, pid, 'down', () => large.downloadToBuffer(target, 0, undefined, blocks))
  if (!target.equals(LARGE)) throw new Error('what came back is not what was sent')
  await timed(times, pid, 'puts', () =>
    inParallel(PUTS, (index) =>
      container.getBlockBlobClient(`small-${round}/${index}`).upload(SMALL, SMALL.length),
    ),
  )
  await large.delete()
  await sizedRound(container, round, (what, work) => timed(times, pid, what, work))
}

/** Rounds take turns, and the first one is not counted. CPU is that of the server's process. */
export const lake: Part = async (subject, seconds) => {
  const count = Math.max(2, Math.round(seconds(ROUNDS * 10) / 10))
  const servers = { ours: await startServe(subject), azurite: await startAzurite() }
  const times: Record<keyof typeof servers, Times> = { ours: {}, azurite: {} }
  const structured: Times = {}
  const agent = new Agent({ keepAlive: true, maxSockets: AT_A_TIME })
  try {
    // The first round warms both up.
    for (let round = 0; round <= count; round++)
      for (const name of ['ours', 'azurite'] as const) {
        const service = BlobServiceClient.fromConnectionString(servers[name].connectionString)
        const container = service.getContainerClient('bench')
        await container.createIfNotExists()
        const pid = servers[name].child.pid as number
        await rounds(container, round, round === 0 ? {} : times[name], pid)
        if (name === 'azurite') continue
        for (const isStructured of round % 2 === 0 ? [true, false] : [false, true]) {
          const what = isStructured ? 'structured' : 'plain'
          const blocks = await blocksOf({ container, agent, content: LARGE, block: BLOCK, isStructured })
          const into = round === 0 ? {} : structured
          await timed(into, pid, `${what} up`, () => blocks.up())
          await timed(into, pid, `${what} down`, () => blocks.down())
          await blocks.remove()
        }
      }
  } finally {
    agent.destroy()
    for (const { child } of Object.values(servers)) {
      child.kill('SIGTERM')
      await once(child, 'exit')
    }
  }
  const all = (some: Times, what: string, of: keyof Run) => (some[what] ?? []).map((run) => run[of])
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
  /** Time round by round; CPU of all rounds together, since a round is few of the system's ticks. */
  const compared = (some: Times, one: string, others: Times, other: string) => {
    const base = all(others, other, 'ms')
    const pairs = all(some, one, 'ms').map((value, index) => value / (base[index] ?? Number.NaN))
    return { ms: median(pairs), cpu: sum(all(some, one, 'cpuMs')) / sum(all(others, other, 'cpuMs')) }
  }
  const beside = (what: string, words: string) => {
    const { ms, cpu } = compared(times.ours, what, times.azurite, what)
    return [
      { what: words, value: median(all(times.ours, what, 'ms')), unit: 'ms' },
      { what: `the same, Azurite ${AZURITE}`, value: median(all(times.azurite, what, 'ms')), unit: 'ms' },
      { what: 'the lake to Azurite, round by round', value: ms, unit: '×', wanted: '≤ 1' },
      { what: 'the same, CPU of the servers', value: cpu, unit: '×' },
    ]
  }
  const envelope = (way: string) => {
    const { ms, cpu } = compared(structured, `structured ${way}`, structured, `plain ${way}`)
    const words = `structured bodies to plain ones, 64 MB ${way} by plain HTTP`
    return [
      { what: words, value: ms, unit: '×', wanted: '≤ 1.3' },
      { what: 'the same, CPU of the server', value: cpu, unit: '×' },
    ]
  }
  return [
    ...beside('up', '64 MB up in parallel blocks of 4 MB'),
    ...beside('down', '64 MB down in parallel ranges of 4 MB'),
    ...beside('puts', '1,000 puts of 1 KB, 8 at a time'),
    ...SIZED.flatMap((what) => beside(what, what)),
    ...envelope('up'),
    ...envelope('down'),
  ]
}
