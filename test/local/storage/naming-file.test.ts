/** A write that fails names its file, says why and what to do: also where the system names none. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { writeReadCopy } from '../../../src/azure/lake/read-copy.ts'
import { fileStorage } from '../../../src/commands/shared/generator-storage.ts'
import { describeError } from '../../../src/commands/shared/user-error.ts'
import { UnwritableFileError } from '../../../src/local/storage/naming-file.ts'
import { writeJsonAtomically } from '../../../src/local/storage/state-file.ts'
import { temporaryFolder } from '../../support/cli.ts'
import { NO_SMALL_DISK, smallDisk } from '../../support/small-disk.ts'

const disk = smallDisk(1)
const folder = temporaryFolder()
afterAll(() => {
  disk?.remove()
  folder.remove()
})

const failureOf = async (work: () => unknown): Promise<unknown> => {
  try {
    await work()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}

it('on a full disk', async (context) => {
  if (!disk) return context.skip(NO_SMALL_DISK)
  const file = join(disk.path, 'state.json')
  disk.fill()
  // What the system says by itself.
  expect(String(await failureOf(() => writeFileSync(file, 'x'.repeat(9000))))).not.toContain(file)
  const json = await failureOf(() => writeJsonAtomically(file, { text: 'x'.repeat(9000) }))
  expect(json).toBeInstanceOf(UnwritableFileError)
  expect(describeError(json)).toBe(
    `${file} cannot be written: its disk is full.\nFree space on it, or name another place.`,
  )
  const state = { run: 'r', clean: true, acknowledged: 1, positions: {}, numbers: new Float64Array(5000) }
  const numbers = await failureOf(() => fileStorage(join(disk.path, 'generator.bin')).save(state as never))
  expect(describeError(numbers)).toContain('generator.bin cannot be written: its disk is full.')
  const copy = await failureOf(() =>
    writeReadCopy('gold/weather/a', join(disk.path, 'a'), Buffer.alloc(9000)),
  )
  expect(describeError(copy)).toMatch(
    /^gold\/weather\/a cannot be copied to .* \(ENOSPC\)\.\nFree space there/,
  )
  disk.free()
  expect(readdirSync(disk.path).filter((name) => name.startsWith('state'))).not.toContain('state.json.new')
})

it.each([
  ['a folder stands there', 'folder'],
  ['its folder does not exist', 'nothing/here.json'],
  ['a file stands where its folder should be', 'file/here.json'],
])('where %s', (reason, path) => {
  mkdirSync(join(folder.path, 'folder'), { recursive: true })
  writeFileSync(join(folder.path, 'file'), '')
  const file = join(folder.path, path)
  const error = (() => {
    try {
      writeFileSync(file, 'x')
    } catch (cause) {
      return new UnwritableFileError(file, cause)
    }
    throw new Error('it was written')
  })()
  expect(error.message).toBe(`${file} cannot be written: ${reason}.`)
  expect(error.hint).toContain('name another place'.slice(1))
})
