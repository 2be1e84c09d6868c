/** Measures the built program in a real pty at 120×40, on Linux (it reads /proc); `npm run bench -- --help`. */
import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { PROFILE_FOLDER } from '../test/bench/duckdb-profile.ts'
import type { Figure } from './bench/figure.ts'
import { machine, today } from './bench/machine.ts'
import { ALONE, PAIRED, PARTS, TABLE, USUAL } from './bench/parts.ts'
import { commitBeside, root, type Subject, workingTree } from './bench/subject.ts'
import {
  absoluteTable,
  addRound,
  figureText,
  loadText,
  type PairedFigure,
  pairedTable,
  writeSection,
} from './bench/tables.ts'

const HELP = `npm run bench --                    the usual parts, absolute numbers
  --against COMMIT                  that commit built beside the working tree, both in turns, as ratios
  --only PART,PART                  these parts; table: the rows of docs/benchmarks.md
  --rounds 5                        how often, with --against
  --beside                          both at the same time instead of in turns: for memory, never for time
  --at-once 2                       so many of these pairs at the same time, as far as they leave a core idle
  --scale 0.25                      spans of a quarter; what is counted in lines stays from 0.1 on
  --quick                           a tenth of everything, to try the script
  --write                           into docs/benchmarks.md
  --profile=FOLDER                  leaves V8's CPU profiles and DuckDB's own there (docs/performance.md)

Parts: ${Object.keys(PARTS).join(', ')}
With --against, ${[...ALONE].join(', ')} run for the working tree only.
The whole table in half an hour: npm run bench -- --against c8041f5 --only=table --rounds 1 --scale 0.12 --write`

const { values: options } = parseArgs({
  options: {
    help: { type: 'boolean', default: false },
    scale: { type: 'string', default: '1' },
    against: { type: 'string' },
    beside: { type: 'boolean', default: false },
    'at-once': { type: 'string', default: '1' },
    only: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    write: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    profile: { type: 'string' },
  },
})

if (options.profile !== undefined) {
  const folder = resolve(options.profile)
  mkdirSync(folder, { recursive: true })
  process.env[PROFILE_FOLDER] = folder
}

const page = join(root, 'docs/benchmarks.md')
/** Lines, in thousands and more, are as many as ever: a ratio of few of them is one of starts. */
const COUNTED = 100_000
const spans =
  options.quick || options.scale !== '1' ? ' Spans are shorter than their names say, by that factor.' : ''
const scale = options.quick ? 0.1 : Number(options.scale)
const seconds = (full: number) => {
  if (scale === 1 || (full >= COUNTED && !options.quick && scale >= 0.1)) return full
  return Math.max(5, Math.round(full * scale))
}
const command = `npm run bench -- ${process.argv.slice(2).join(' ')}`.trim()

function chosen(usual: readonly string[]): string[] {
  const names = options.only?.split(',').flatMap((name) => (name === 'table' ? TABLE : [name])) ?? usual
  const unknown = names.filter((name) => !PARTS[name])
  if (unknown.length > 0)
    throw new Error(`No such part: ${unknown.join(', ')}. There are ${Object.keys(PARTS).join(', ')}.`)
  return [...names]
}

async function measure(part: string, subject: Subject): Promise<Figure[]> {
  try {
    return (await PARTS[part]?.(subject, seconds)) ?? []
  } catch (error) {
    // The other parts are still worth measuring.
    console.error(`${part} of ${subject.name} was not measured: ${(error as Error).message.slice(0, 2000)}`)
    return []
  }
}

async function alone(): Promise<void> {
  const subject = workingTree()
  const figures: Figure[] = []
  for (const part of chosen(USUAL)) {
    const found = await measure(part, subject)
    for (const figure of found) console.log(figureText(figure))
    figures.push(...found)
  }
  const text = `Made by \`${command}\` on ${today()} of ${subject.name}: ${machine}.\n\n${absoluteTable(figures)}`
  console.log(`\n${text}`)
  if (options.write) writeSection(page, options.only ? `alone ${options.only}` : 'alone', text)
}

/** A B A B: the two of a pair run one after the other, part by part, or side by side when that is asked for, and then several pairs too. */
async function inTurns(commit: string): Promise<void> {
  const [before, now] = [commitBeside(commit), workingTree()]
  const all = new Map<string, PairedFigure>()
  const loads: string[] = []
  const table = () => pairedTable(all.values(), before.name, now.name)
  const section = `against ${before.name}${options.only ? ` ${options.only}` : ''}`
  const text = () =>
    [
      `Made by \`${command}\` on ${today()}, ${before.name} against ${now.name} ${options.beside ? 'beside it' : 'in turns'}: ${machine}; ${loads[0]} at its beginning, ${loadText()} at its end.${spans}`,
      table(),
    ].join('\n\n')
  const pair = async (part: string) => {
    const first = ALONE.has(part) ? Promise.resolve([]) : measure(part, before)
    if (!options.beside) await first
    return await Promise.all([first, measure(part, now)])
  }
  const rounds = Number(options.rounds)
  const atOnce = options.beside ? Math.max(1, Number(options['at-once'])) : 1
  for (let round = 1; round <= rounds; round += atOnce)
    for (const part of chosen(PAIRED)) {
      loads.push(loadText())
      const length = Math.min(atOnce, rounds + 1 - round)
      const pairs = await Promise.all(Array.from({ length }, () => pair(part)))
      for (const [old, current] of pairs) addRound(all, part, old, current)
      console.log(`\nround ${round}, ${part}, ${loads.at(-1)}\n${table()}`)
      // After each part: what a run that is cut short has measured stays.
      if (options.write) writeSection(page, section, text())
    }
  console.log(`\n${text()}`)
}

if (options.help) console.log(HELP)
else await (options.against === undefined ? alone() : inTurns(options.against))
process.exit(0)
