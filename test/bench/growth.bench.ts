/**
 * Whether a batch of the embedded engine takes longer as its tables grow: batches of 20 readings, each through silver, gold and the
 * aggregate in turn, so that none waits for another. Two lakes stand side by side: an old one, grown to 270 batches, and a young one of
 * 80, which is the warm-up. Then 30 batches go into each of them, in turns, so that the machine does the same to both.
 * `node test/bench/growth.bench.ts [batches]` compares the medians, from the look for input to the end of the upkeep of the tables: time,
 * and CPU of the process. Ends with 1 when a layer of the old lake took more than 1.3 times as much CPU. `--grow FOLDER` only makes the
 * two lakes there, for spark_growth.py.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { median } from '../../scripts/bench/statistics.ts'
import { loadText } from '../../scripts/bench/tables.ts'
import { COMPARED, GrowingLake, LAYERS, type Took, WARM_UP } from './growth-lake.ts'

const MOST = 1.3

/** @param root an empty folder @param batches of the old lake */
async function grow(root: string, batches: number) {
  const lakes = ['young', 'old'].map((name) => join(root, name))
  for (const folder of lakes) mkdirSync(folder)
  const [young, old] = lakes.map((folder) => new GrowingLake(folder)) as [GrowingLake, GrowingLake]
  await Promise.all([young.open(), old.open()])
  for (let batch = 0; batch < batches; batch++) {
    await old.next()
    if (batch < WARM_UP) await young.next()
  }
  return { young, old }
}

async function growth(batches: number): Promise<boolean> {
  const root = mkdtempSync(join(tmpdir(), 'rtstream-growth-'))
  const { young, old } = await grow(root, batches - COMPARED)
  try {
    console.log(loadText())
    for (let pair = 0; pair < COMPARED; pair++) {
      await young.next()
      await old.next()
    }
    console.log(loadText())
    return LAYERS.map((layer, index) => report(layer, young.took[index] ?? [], old.took[index] ?? [])).every(
      Boolean,
    )
  } finally {
    young.close()
    old.close()
    rmSync(root, { recursive: true, force: true, maxRetries: 3 })
  }
}

function report(layer: string, young: readonly Took[], old: readonly Took[]): boolean {
  const ratio = (what: keyof Took) => {
    const of = (took: readonly Took[]) => median(took.map((one) => one[what]))
    const [first, last] = [of(young.slice(-COMPARED)), of(old.slice(-COMPARED))]
    // What the machine did meanwhile is in this one.
    const itsOwn = of(old.slice(WARM_UP, WARM_UP + COMPARED))
    console.log(
      `${layer}, ${what === 'cpu' ? 'CPU' : 'time'}: batches ${WARM_UP + 1} to ${WARM_UP + COMPARED} ${first.toFixed(2)} ms, ` +
        `${old.length - COMPARED + 1} to ${old.length} ${last.toFixed(2)} ms, ratio ${(last / first).toFixed(2)}; ` +
        `to the old lake's own batches ${WARM_UP + 1} to ${WARM_UP + COMPARED} (${itsOwn.toFixed(2)} ms) ${(last / itsOwn).toFixed(2)}`,
    )
    return last / first
  }
  ratio('time')
  return ratio('cpu') <= MOST
}

const { values, positionals } = parseArgs({ options: { grow: { type: 'string' } }, allowPositionals: true })
const batches = Number(positionals[0] ?? 300)
if (values.grow === undefined) process.exit((await growth(batches)) ? 0 : 1)
const { young, old } = await grow(values.grow, batches - COMPARED)
young.close()
old.close()
process.exit(0)
