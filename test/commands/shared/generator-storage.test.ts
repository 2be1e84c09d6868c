import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { fileStorage } from '../../../src/commands/shared/generator-storage.ts'
import type { GeneratorState } from '../../../src/pipeline/generator/generator-state.ts'

const folder = mkdtempSync(join(tmpdir(), 'rtstream-state-'))
let path = ''
let count = 0

beforeEach(() => {
  path = join(folder, `case-${count++}`, 'state', 'generator.bin')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const state: GeneratorState = {
  run: '3f1c',
  clean: true,
  acknowledged: 123_456,
  positions: { 0: 17, 1: -1 },
  numbers: Float64Array.from({ length: 1000 }, (_, station) => station * 4_000_000_000),
}

describe('the file of the generator', () => {
  it('holds the state, and makes its folder', async () => {
    await fileStorage(path).save(state)
    expect(await fileStorage(path).load()).toEqual(state)
    expect(readdirSync(join(path, '..'))).toEqual(['generator.bin'])
  })

  it('is not there at first', async () => {
    expect(await fileStorage(path).load()).toBeUndefined()
  })

  it('is replaced as a whole: a save that was cut short leaves the one before', async () => {
    await fileStorage(path).save(state)
    writeFileSync(`${path}.new`, 'half a')
    expect(await fileStorage(path).load()).toEqual(state)
    await fileStorage(path).save({ ...state, clean: false })
    expect((await fileStorage(path).load())?.clean).toBe(false)
  })

  it.each(['', '{"format":1', '{"format":9,"stations":0}\n', '{"format":1,"stations":3}\n12345678'])(
    'is moved aside when it is damaged: %j',
    async (content) => {
      await fileStorage(path).save(state)
      writeFileSync(path, content)
      await expect(fileStorage(path).load()).rejects.toThrow(
        /is damaged and was moved to .*generator\.bin\.damaged/,
      )
      expect(existsSync(path)).toBe(false)
      expect(await fileStorage(path).load()).toBeUndefined()
    },
  )
})
