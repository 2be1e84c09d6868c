/**
 * Measures the built program in a real pty at 120×40, on Linux (it reads /proc):
 *   npm run bench                              every part, absolute numbers
 *   npm run bench -- --against c8041f5         another commit beside it, in turns, as ratios
 *   --only=fast,catchUp   --rounds 5   --write (into docs/benchmarks.md)   --quick (shorter spans, to try the script)
 *   --profile=<folder>    leaves V8's CPU profiles of both threads there (docs/performance.md)
 */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Figure } from './bench/figure.ts'
import { machine, today } from './bench/machine.ts'
import { PAIRED, PARTS, USUAL } from './bench/parts.ts'
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

const { values: options } = parseArgs({
  options: {
    against: { type: 'string' },
    only: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    write: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    profile: { type: 'string' },
  },
})

const page = join(root, 'docs/benchmarks.md')
const seconds = (full: number) => (options.quick ? Math.max(5, Math.round(full / 10)) : full)
const command = `npm run bench -- ${process.argv.slice(2).join(' ')}`.trim()

function chosen(usual: readonly string[]): string[] {
  const names = options.only?.split(',') ?? usual
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

/** A B A B: the two of a pair run one after the other, part by part. */
async function inTurns(commit: string): Promise<void> {
  const [before, now] = [commitBeside(commit), workingTree()]
  const all = new Map<string, PairedFigure>()
  const loads: string[] = []
  const table = () => pairedTable(all.values(), before.name, now.name)
  for (let round = 1; round <= Number(options.rounds); round++)
    for (const part of chosen(PAIRED)) {
      loads.push(loadText())
      const [old, current] = [await measure(part, before), await measure(part, now)]
      addRound(all, part, old, current)
      console.log(`\nround ${round}, ${part}, ${loads.at(-1)}\n${table()}`)
    }
  const text = [
    `Made by \`${command}\` on ${today()}, ${before.name} against ${now.name} in turns: ${machine}; ${loads[0]} at its beginning, ${loadText()} at its end.`,
    table(),
  ].join('\n\n')
  console.log(`\n${text}`)
  if (options.write)
    writeSection(page, `against ${before.name}${options.only ? ` ${options.only}` : ''}`, text)
}

await (options.against === undefined ? alone() : inTurns(options.against))
process.exit(0)
