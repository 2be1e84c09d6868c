/**
 * `npm run torture [-- --whole] [--only PART,…] [--seed N] [--write]`: the built program under kills, set clocks, stops, damage,
 * malformed inputs, other people's clients and faults in pairs, counted by tools that are not ours. Outside CI: minutes by default, three
 * quarters of an hour with `--whole`. The same seed gives the same moments, damages and inputs. With `--write` the table goes
 * into docs/reliability.md.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { ensurePython } from '../../scripts/python-env.ts'
import { seededRandom } from '../../src/pipeline/runtime/random.ts'
import { PAIRS } from '../support/faults/seen.ts'
import { clients } from './clients.ts'
import { clockSteps, stops } from './clock.ts'
import { damage } from './damage.ts'
import { faults } from './faults.ts'
import { inputs } from './inputs.ts'
import { kills } from './kills.ts'
import { laptops } from './laptops.ts'
import type { Part, TortureOptions } from './program.ts'
import { together } from './together.ts'

const root = resolve(import.meta.dirname, '../..')
const DOCUMENT = join(root, 'docs/reliability.md')

const { values } = parseArgs({
  options: {
    whole: { type: 'boolean', default: false },
    only: { type: 'string' },
    seed: { type: 'string' },
    write: { type: 'boolean', default: false },
    kills: { type: 'string' },
    steps: { type: 'string' },
    stops: { type: 'string' },
    inputs: { type: 'string' },
    clients: { type: 'string' },
    pairs: { type: 'string' },
    laptops: { type: 'string' },
    together: { type: 'string' },
  },
})
const seed = Number(values.seed ?? Date.now() % 1_000_000)
const amount = (given: string | undefined, small: number, whole: number) =>
  given === undefined ? (values.whole ? whole : small) : Number(given)

const PARTS: Readonly<Record<string, (options: TortureOptions) => Promise<Part>>> = {
  kills: (options) => kills(amount(values.kills, 5, 100), options),
  clock: (options) => clockSteps(amount(values.steps, 2, 12), options),
  stops: (options) => stops(amount(values.stops, 2, 10), values.whole ? 150_000 : 3000, options),
  damage: (options) => damage(values.whole, options),
  inputs: (options) => inputs(amount(values.inputs, 500, 10_000), options),
  clients: (options) => clients(amount(values.clients, 5, 20), options),
  laptops: (options) => laptops(amount(values.laptops, 2, 8), options),
  together: (options) => together(amount(values.together, 3, 12), options),
  faults: (options) => faults(amount(values.pairs, 8, PAIRS.length), options),
}

const chosen = values.only?.split(',') ?? Object.keys(PARTS)
const unknown = chosen.find((name) => !(name in PARTS))
if (unknown !== undefined) {
  console.error(`There is no part ${unknown}: ${Object.keys(PARTS).join(', ')}.`)
  process.exit(2)
}
const python = ensurePython()
if ('missing' in python) {
  console.error(`Nothing can be counted: ${python.missing}`)
  process.exit(2)
}
const built = spawnSync(process.execPath, ['scripts/build.ts', '--quiet'], { cwd: root, stdio: 'inherit' })
if (built.status !== 0) process.exit(built.status ?? 1)

console.log(`Seed ${seed}.`)
const rows: (Part & { seconds: number })[] = []
for (const name of chosen) {
  const folder = mkdtempSync(join(tmpdir(), 'rtstream-torture-'))
  // Of its own: a part alone does what it does among the others.
  const random = seededRandom(seed)
  const begun = performance.now()
  try {
    const part = (await PARTS[name]?.({
      random,
      folder,
      say: (line) => console.log(`${name}: ${line}`),
    })) as Part
    rows.push({ ...part, seconds: (performance.now() - begun) / 1000 })
    for (const problem of part.broken) console.log(`${name}: NOT HELD: ${problem}`)
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}
const text = table()
console.log(`\n${text}`)
if (values.write) write(text)
process.exit(rows.every(({ broken }) => broken.length === 0) ? 0 : 1)

function table(): string {
  const lines = rows.map(({ name, tried, broken, notes, seconds }) => {
    const held = broken.length === 0 ? 'all of it' : `not: ${broken.join('; ')}`
    return `| ${name} | ${tried} | ${held}${notes === undefined ? '' : ` (${notes})`} | ${Math.round(seconds)} s |`
  })
  const { model = 'unknown processor' } = cpus()[0] ?? {}
  const given = process.argv.slice(2).filter((one) => one !== '--write')
  if (values.seed === undefined) given.push('--seed', String(seed))
  const command = `npm run torture -- ${given.join(' ')}`
  const commit = spawnSync('git', ['rev-parse', '--short', 'HEAD'], {
    cwd: root,
    encoding: 'utf8',
  }).stdout.trim()
  return [
    `\`${command}\` at ${commit}, ${new Date().toISOString().slice(0, 10)}, ${process.platform} ${process.arch}, ${cpus().length} × ${model}, Node ${process.versions.node}:`,
    '',
    '| what | tried | held | took |',
    '|---|---|---|---|',
    ...lines,
  ].join('\n')
}

function write(text: string): void {
  const [BEGIN, END] = ['<!-- torture -->', '<!-- /torture -->']
  const before = readFileSync(DOCUMENT, 'utf8')
  const [head, rest] = before.split(BEGIN)
  const tail = rest?.split(END)[1]
  if (tail === undefined) throw new Error(`${DOCUMENT} has no place for the table.`)
  writeFileSync(DOCUMENT, `${head}${BEGIN}\n${text}\n${END}${tail}`)
}
