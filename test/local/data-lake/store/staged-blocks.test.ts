/** Blocks that wait for their list: where they lie, and what becomes of them. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { LakeFolder } from '../../../../src/local/data-lake/store/folder.ts'
import type { CommittedBlock } from '../../../../src/local/data-lake/store/properties.ts'
import { StagedBlocks } from '../../../../src/local/data-lake/store/staged-blocks.ts'
import { systemClock } from '../../../../src/local/runtime/clock.ts'

const LIMIT = 1000
let root: string
let folder: LakeFolder
let blocks: StagedBlocks
/** Of the blob that stands there. */
let made: CommittedBlock[] = []
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'rtstream-blocks-'))
  folder = new LakeFolder(root, { limitBytes: LIMIT, clock: systemClock })
  await folder.counted
  blocks = new StagedBlocks(folder)
  made = []
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const id = (number: number | string) => Buffer.from(String(number).padStart(4, '0')).toString('base64')
const put = (number: number | string, text: string, path = 'a') =>
  blocks.put('bronze', path, id(number), [Buffer.from(text.slice(0, 1)), Buffer.from(text.slice(1))])
const commit = (numbers: (number | string)[], check = () => {}) =>
  blocks.commit(
    'bronze',
    'a',
    numbers.map((number) => ({ from: 'latest' as const, id: id(number) })),
    { committed: () => made, check, placed: (now) => (made = now) },
  )
const unfinished = () => readdirSync(join(root, '.unfinished')).map((name) => join(root, '.unfinished', name))
const inode = (file: string) => statSync(file).ino
const placed = () => join(root, 'bronze/a')
const content = () => readFileSync(placed(), 'utf8')

describe('blocks in the order of an upload', () => {
  it('lie in one file, in whatever order they come, and become the blob by its new name alone', async () => {
    for (const number of [0, 2, 1, 3]) put(number, `block${number} `)
    put(4, 'end')
    const [file, ...others] = unfinished()
    expect(others).toEqual([])
    const before = inode(file as string)
    expect(await commit([0, 1, 2, 3, 4])).toEqual(
      [7, 7, 7, 7, 3].map((bytes, number) => ({ id: id(number), bytes })),
    )
    expect(content()).toBe('block0 block1 block2 block3 end')
    expect(inode(placed())).toBe(before)
    expect(unfinished()).toEqual([])
    expect(folder.usage().bytes).toBe(31)
  })

  it('that came before their size was known are put in among the others', async () => {
    put(3, 'end')
    put(1, 'one-')
    put(2, 'two-')
    put(0, 'nil-')
    // The last and the first that came stand on their own.
    expect(unfinished()).toHaveLength(3)
    await commit([0, 1, 2, 3])
    expect(content()).toBe('nil-one-two-end')
    expect(unfinished()).toEqual([])
  })

  it('are committed once after the other by lists that come at the same time, as of a client that tries again', async () => {
    // Each on its own, so that the blob is put together.
    for (const number of [2, 1, 0]) put(number, `${number}${'-'.repeat(number)}`)
    const lists = await Promise.allSettled([
      commit([0, 1, 2]),
      commit([0, 1, 2]),
      commit([2, 9]),
      commit([1, 2]),
    ])
    expect(lists.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled'])
    expect(lists[2]).toMatchObject({ reason: { status: 400, code: 'InvalidBlockList' } })
    expect(content()).toBe('1-2--')
    expect(unfinished()).toEqual([])
  })

  it('that are put again lie where they lay; shorter than before, the blob is put together anew', async () => {
    for (const number of [0, 1, 2]) put(number, 'old-')
    put(2, 'new-')
    expect(unfinished()).toHaveLength(1)
    put(1, 'x')
    await commit([0, 1, 2])
    expect(content()).toBe('old-xnew-')
    expect(folder.usage().bytes).toBe(9)
  })

  it('whose last one was longer before end where they end', async () => {
    for (const number of [0, 1]) put(number, 'long')
    put(1, 'x')
    await commit([0, 1])
    expect(content()).toBe('longx')
  })

  it.each<[string, (number | string)[], string]>([
    ['in another order', [2, 0, 1], 'two-nil-one-'],
    ['one of them twice', [0, 1, 1, 2], 'nil-one-one-two-'],
    ['one left out', [0, 2], 'nil-two-'],
    ['the last one left out', [0, 1], 'nil-one-'],
  ])('committed %s', async (_, order, text) => {
    for (const [number, name] of ['nil-', 'one-', 'two-'].entries()) put(number, name)
    await commit(order)
    expect(content()).toBe(text)
    expect(unfinished()).toEqual([])
  })

  it('of two uploads at once, each with its own ids, do not overwrite each other', async () => {
    for (const number of [0, 1]) for (const who of ['a', 'b']) put(`${who}00${number}`, `${who}${number}-`)
    await commit(['b000', 'b001'])
    expect(content()).toBe('b0-b1-')
    expect(unfinished()).toEqual([])
  })

  it('are there still when they must not become visible, for the next try', async () => {
    for (const number of [0, 1]) put(number, 'abcd')
    put('x001', 'else')
    const refuse = () => {
      throw new Error('not now')
    }
    for (const order of [
      [0, 1, 'x001'],
      [1, 0],
    ])
      await expect(commit(order, refuse)).rejects.toThrow('not now')
    expect(blocks.of('bronze', 'a').map(({ bytes }) => bytes)).toEqual([4, 4, 4])
    await commit([0, 1, 'x001'])
    expect(content()).toBe('abcdabcdelse')
  })

  it('far behind the others, or of an odd place, leave no gap in the file', () => {
    put(0, 'abcd')
    put(9000, 'efgh')
    put('x999', 'ijkl')
    expect(Math.max(...unfinished().map((file) => statSync(file).size))).toBe(4)
  })

  it('take room once each, and give it back', () => {
    for (let round = 0; round < 5; round++) for (const number of [0, 1]) put(number, 'x'.repeat(400))
    expect(() => put(2, 'x'.repeat(400))).toThrow(/reached its limit/)
    expect(blocks.of('bronze', 'a')).toHaveLength(2)
    blocks.forget('bronze/a')
    put(0, 'x'.repeat(900), 'b')
    expect(unfinished()).toHaveLength(1)
  })
})

it('a block that is replaced while its list is worked on is not mixed with the new one', async () => {
  for (const number of [0, 1, 2]) put(number, 'old-')
  const working = commit([2, 1, 0])
  put(0, 'new-')
  await expect(working).rejects.toThrow(/no longer there/)
  await commit([2, 1, 0])
  expect(content()).toBe('old-old-new-')
  expect(unfinished()).toEqual([])
})
