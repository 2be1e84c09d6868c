/** What the checkpoint of silver's Spark query tells of bronze. Its real form is under test in `spark-engine.test.ts`. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { BronzeReads } from '../../../src/local/spark/bronze-reads.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'rtstream bronze-ü-'))
  begin('first')
})
afterEach(() => rmSync(root, { recursive: true }))

const FOLDER = 'weather/2026/11/24/02/07'
const file = (number: number) => `${FOLDER}/0_${number}.json`

function put(path: string, text = '') {
  const target = join(root, path)
  mkdirSync(dirname(target), { recursive: true })
  writeFileSync(target, text)
}

const begin = (id: string) => put('checkpoints/silver/metadata', `{"id":"${id}"}`)

/** The entry as Spark writes it: the path as a URL. */
const entry = (batchId: number, path: string) => {
  put(`bronze/${path}`)
  return JSON.stringify({ path: pathToFileURL(join(root, 'bronze', path)).href, timestamp: 1, batchId })
}

const log = (name: string, ...entries: string[]) =>
  put(`checkpoints/silver/sources/0/${name}`, ['v1', ...entries].join('\n'))

/** A batch that reads the source's log up to an offset. */
function batch(number: number, logOffset: number, { isDone }: { isDone: boolean }) {
  put(`checkpoints/silver/offsets/${number}`, `v1\n{"batchWatermarkMs":0}\n{"logOffset":${logOffset}}`)
  if (isDone) put(`checkpoints/silver/commits/${number}`, 'v1\n{"nextBatchWatermarkMs":0}')
}

const readOf = (reads: BronzeReads, ...numbers: number[]) => {
  const isRead = reads.look()
  return numbers.filter((number) => isRead(file(number)))
}

describe('what silver on Spark has read', () => {
  it('is nothing before its first batch is done', () => {
    expect(readOf(new BronzeReads(join(root, 'none')), 0)).toEqual([])
    log('0', entry(0, file(0)))
    batch(0, 0, { isDone: false })
    expect(readOf(new BronzeReads(root), 0)).toEqual([])
  })

  it('is what finished batches have read, and grows with them', () => {
    const reads = new BronzeReads(root)
    log('0', entry(0, file(0)), entry(0, file(1)))
    batch(0, 0, { isDone: true })
    log('1', entry(1, file(2)))
    batch(1, 1, { isDone: false })
    expect(readOf(reads, 0, 1, 2, 3)).toEqual([0, 1])
    batch(1, 1, { isDone: true })
    expect(readOf(reads, 0, 1, 2, 3)).toEqual([0, 1, 2])
  })

  it('is found in a compacted log too, whether the look before was before it or long ago', () => {
    const early = new BronzeReads(root)
    const [zero, one, two] = [entry(0, file(0)), entry(1, file(1)), entry(2, file(2))]
    log('0', zero)
    batch(0, 0, { isDone: true })
    expect(readOf(early, 0, 1)).toEqual([0])
    // Spark has taken away what the compacted one holds; it is longer than what is read at a time.
    rmSync(join(root, 'checkpoints/silver/sources/0/0'))
    const many = Array.from({ length: 600 }, (_, number) => entry(1, file(1000 + number)))
    log('1.compact', zero, ...many, one)
    log('2', two)
    batch(2, 2, { isDone: true })
    for (const reads of [early, new BronzeReads(root)])
      expect(readOf(reads, 0, 1, 2, 3, 1000, 1599)).toEqual([0, 1, 2, 1000, 1599])
  })

  it('does not hold for a query that was begun anew', () => {
    const reads = new BronzeReads(root)
    log('0', entry(0, file(0)), entry(0, file(1)))
    batch(0, 0, { isDone: true })
    expect(readOf(reads, 0, 1)).toEqual([0, 1])
    begin('second')
    log('0', entry(0, file(1)))
    expect(readOf(reads, 0, 1)).toEqual([1])
  })

  it('forgets folders that are gone', () => {
    const reads = new BronzeReads(root)
    log('0', entry(0, file(0)))
    batch(0, 0, { isDone: true })
    rmSync(join(root, 'bronze', FOLDER), { recursive: true })
    expect(readOf(reads, 0)).toEqual([])
  })
})
