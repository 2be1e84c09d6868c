/** Parts that run a subject's own modules in a process of their own: the scripts in test/bench print one line of JSON. */
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { KafkaFigure } from '../../test/bench/kafka.bench.ts'
import type { Figure, Part } from './figure.ts'
import { profileArguments } from './profile.ts'
import { median } from './statistics.ts'
import { root } from './subject.ts'

const CATCH_UP_READINGS = 1_000_000

function measured<Result>(script: string, args: readonly string[], program = process.execPath): Result {
  const profile = program === process.execPath ? profileArguments() : []
  const text = execFileSync(program, [...profile, join(root, 'test/bench', script), ...args], {
    encoding: 'utf8',
    maxBuffer: 1e8,
    // As src/bin.cjs sets them.
    env: {
      ...process.env,
      UV_THREADPOOL_SIZE: '3',
      DUCKDB_JE_MALLOC_CONF: 'narenas:1,dirty_decay_ms:30000,muzzy_decay_ms:30000',
    },
  })
  return JSON.parse(text.trim().split('\n').at(-1) ?? '') as Result
}

const folders: string[] = []

/** With this process, not before. */
function removedAtEnd(folder: string): void {
  if (folders.length === 0)
    process.once('exit', () => {
      for (const one of folders) rmSync(one, { recursive: true, force: true })
    })
  folders.push(folder)
}

const bronzes = new Map<number, { folder: string; lines: number }>()

/** Bronze of so many readings, made once, one in twenty of them dirty. */
function bronzeOf(readings: number): { folder: string; lines: number } {
  const known = bronzes.get(readings)
  if (known) return known
  const folder = mkdtempSync(join(tmpdir(), 'rtstream-bench-bronze-'))
  removedAtEnd(folder)
  const bronze = { folder, ...measured<{ lines: number }>('place-bronze.ts', [folder, String(readings)]) }
  bronzes.set(readings, bronze)
  return bronze
}

/**
 * Uses a copy, as the engine deletes and adds. It stays until the end: for five minutes behind the deletion of thousands of files ext4 takes up to
 * 1.5 ms for making one in the folders around, instead of 0.03.
 */
function overBronze<Result>(readings: number, use: (lake: string, lines: number) => Result) {
  const { folder, lines } = bronzeOf(readings)
  const lake = mkdtempSync(join(tmpdir(), 'rtstream-bench-lake-'))
  removedAtEnd(lake)
  cpSync(folder, lake, { recursive: true, preserveTimestamps: true })
  return { lines, result: use(lake, lines) }
}

interface CatchUp {
  seconds: number
  cpuSeconds: number
  maxRssMb: number
}

const perLine = (what: string, lines: number, { seconds, cpuSeconds, maxRssMb }: CatchUp): Figure[] => [
  { what, value: lines / seconds, unit: 'lines/s', isRate: true },
  { what: 'the same, CPU of a line', value: (cpuSeconds * 1e6) / lines, unit: 'µs' },
  { what: 'the same, largest RSS', value: maxRssMb, unit: 'MB' },
]

/** Rate and memory while the engine takes bronze that lies there already. */
export const catchUp: Part = async (subject, seconds) => {
  const { lines, result } = overBronze(seconds(CATCH_UP_READINGS), (lake, count) =>
    measured<CatchUp>('catch-up.ts', [subject.root, lake, String(count)]),
  )
  return perLine('catch-up of 1,000,000 bronze lines', lines, result)
}

/** The limit: plain DuckDB statements over the same files, without a Delta log, checkpoints, or batches. */
export const engineLimit: Part = async (_subject, seconds) => {
  const { lines, result } = overBronze(seconds(CATCH_UP_READINGS), (lake) =>
    measured<CatchUp>('plain-chain.ts', [lake]),
  )
  return perLine('plain DuckDB statements over the same lines', lines, result)
}

/** As many lines as the peers' comparison of earlier days had. */
const PEER_READINGS = 300_000
const BATCHES = [
  { name: 'all at once', rows: 0 },
  { name: 'micro-batches of 10,000', rows: 10_000 },
  { name: 'micro-batches of 1,000', rows: 1000 },
]

/** polars and deltalake with the same rules, as a person would write them, in an environment of their own. */
export const peers: Part = async (subject, seconds) => {
  const folder = join(tmpdir(), 'rtstream-bench-peers')
  const python = join(folder, 'bin/python')
  if (!existsSync(python)) {
    const quietly = { stdio: 'inherit' } as const
    execFileSync('python3', ['-m', 'venv', folder], quietly)
    const requirements = join(root, 'test/bench/peers-requirements.txt')
    execFileSync(python, ['-m', 'pip', 'install', '--quiet', '-r', requirements], quietly)
  }
  const figures: Figure[] = []
  for (const { name: batches, rows } of BATCHES) {
    // A thousand rows at a time take the peer minutes: the short form has fewer lines of them.
    const isShort = seconds(60) < 60 && rows === 1000
    const readings = isShort ? Math.min(60_000, seconds(PEER_READINGS)) : seconds(PEER_READINGS)
    const name = `${batches}, ${readings.toLocaleString('en-US')} lines`
    const { lines, result } = overBronze(readings, (lake, count) => {
      const peer = measured<CatchUp>('peers.py', [lake, String(rows)], python)
      const batch = rows > 0 ? [String(rows)] : []
      const own = measured<CatchUp>('catch-up.ts', [subject.root, lake, String(count), ...batch])
      // A peer that did less would be no peer. It throws where the tables differ; earlier commits had other rows.
      if (subject.root === root) measured<Record<string, number>>('peers_same.py', [lake], python)
      return { own, peer }
    })
    figures.push(...perLine(`engine, ${name}`, lines, result.own))
    figures.push(...perLine(`polars and deltalake, ${name}`, lines, result.peer))
    const value = result.peer.seconds / result.own.seconds
    figures.push({ what: `engine to polars and deltalake, ${name}`, value, unit: '×', isRate: true })
  }
  return figures
}

interface HubFigure {
  what: string
  perSecond: number
  hubMicroseconds: number
}

/** The hub runs in a thread of its own, so that its CPU is told apart from the client's. */
export const eventHub: Part = async (subject, seconds) => {
  return measured<HubFigure[]>('event-hubs-pair.ts', [
    subject.root,
    String(Math.max(2, seconds(30) / 10)),
  ]).flatMap(({ what, perSecond, hubMicroseconds }): Figure[] => [
    { what, value: perSecond, unit: 'ev/s', isRate: true },
    { what: 'the same, CPU of the hub', value: hubMicroseconds, unit: 'µs an event' },
  ])
}

/** Kafka's protocol beside Apache Kafka, and AMQP: medians of the rounds, each of A B A B. */
export const kafka: Part = async (_subject, seconds) => {
  const share = Math.min(1, seconds(60) / 60)
  const found = measured<KafkaFigure[]>('kafka.bench.ts', ['2', String(share)])
  const of = (broker: string, what: string, batch: number) =>
    found.filter((one) => one.broker === broker && one.what === what && one.batch === batch)
  const figures: Figure[] = []
  for (const what of ['produce', 'consume'])
    for (const batch of [...new Set(found.map((one) => one.batch))]) {
      const name = `${what}, batches of ${batch.toLocaleString('en-US')}`
      for (const broker of ['the hub', 'Apache Kafka', 'the hub over AMQP']) {
        const all = of(broker, what, batch)
        const rate = median(all.map(({ eventsPerSecond }) => eventsPerSecond))
        figures.push({ what: `${name}: ${broker}`, value: rate, unit: 'ev/s', isRate: true })
        const cpu = median(all.map(({ cpuUs }) => cpuUs))
        figures.push({ what: 'the same, CPU of the broker', value: cpu, unit: 'µs an event' })
      }
      const pairs = of('the hub', what, batch).map(
        ({ eventsPerSecond }, index) =>
          eventsPerSecond / (of('Apache Kafka', what, batch)[index]?.eventsPerSecond ?? Number.NaN),
      )
      const ratio = { what: `${name}: the hub to Apache Kafka`, value: median(pairs), unit: '×' }
      figures.push({ ...ratio, isRate: true, wanted: '≥ 0.5' })
    }
  return figures
}
