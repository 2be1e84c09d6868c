/** Keeps the generator's state in a file of the data folder, replaced as a whole. */
import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { UnwritableFileError } from '../../local/storage/naming-file.ts'
import type { GeneratorState, GeneratorStorage } from '../../pipeline/generator/generator-state.ts'

const FORMAT = 1

interface Header extends Omit<GeneratorState, 'numbers'> {
  format: typeof FORMAT
  stations: number
}

/** One line of JSON, then the numbers as they lie in memory (little-endian doubles): 800 KB for 100,000 stations. */
export function fileStorage(path: string): GeneratorStorage {
  return {
    async load() {
      let file: Buffer
      try {
        file = await readFile(path)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
        throw error
      }
      const state = decode(file)
      if (state) return state
      const aside = `${path}.damaged`
      await rename(path, aside)
      throw new Error(`${path} is damaged and was moved to ${aside}.`)
    },
    async save(state) {
      try {
        await replace(path, encode(state))
      } catch (error) {
        throw new UnwritableFileError(path, error)
      }
    },
  }
}

async function replace(path: string, content: Buffer[]): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const file = await open(`${path}.new`, 'w')
  try {
    // Until all is written: one call of the system may write less, as on a disk that is nearly full.
    await file.writeFile(content)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(`${path}.new`, path)
}

function encode({ numbers, ...rest }: GeneratorState): Buffer[] {
  const header: Header = { format: FORMAT, stations: numbers.length, ...rest }
  return [
    Buffer.from(`${JSON.stringify(header)}\n`),
    Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength),
  ]
}

function decode(file: Buffer): GeneratorState | undefined {
  const end = file.indexOf('\n')
  const bytes = file.subarray(end + 1)
  let header: Header
  try {
    header = JSON.parse(file.toString('utf8', 0, end)) as Header
  } catch {
    return undefined
  }
  if (header.format !== FORMAT || bytes.length !== header.stations * 8) return undefined
  const numbers = new Float64Array(header.stations)
  Buffer.from(numbers.buffer).set(bytes)
  const { run, clean, acknowledged, positions } = header
  return { run, clean, acknowledged, positions, numbers }
}
