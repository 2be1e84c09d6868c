import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
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

/** Saves the numbers of so many stations, where a file may grow to 51,200 bytes (`ulimit -f`). */
const SAVE = `
const [module, path, stations] = process.argv.slice(1)
const { fileStorage } = await import(module)
const state = { run: '3f1c', clean: false, acknowledged: 1, positions: {}, numbers: new Float64Array(Number(stations)) }
console.log(await fileStorage(path).save(state).then(() => 'saved', (error) => error.message.split(':')[0]))
`

it.skipIf(process.platform === 'win32')(
  'where the disk takes only a part of it, the save fails and the one before stays',
  async () => {
    await fileStorage(path).save(state)
    const module = pathToFileURL(
      join(import.meta.dirname, '../../../src/commands/shared/generator-storage.ts'),
    ).href
    const save = (stations: number) =>
      spawnSync(
        'sh',
        [
          ...['-c', 'ulimit -f 100; exec "$0" "$@"', process.execPath, '--input-type=module', '-e', SAVE],
          ...[module, path, String(stations)],
        ],
        { encoding: 'utf8', timeout: 60_000 },
      )
    const { stdout, stderr } = save(10_000)
    expect({ stderr, stdout }).toEqual({ stderr: '', stdout: `${path} cannot be written\n` })
    expect(await fileStorage(path).load()).toEqual(state)
    expect(save(1000).stdout).toBe('saved\n')
  },
  90_000,
)
