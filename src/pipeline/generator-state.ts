/** What the generator must remember: which number each station has reached, as far as the hub has acknowledged it. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

export interface GeneratorState {
  /** Id of the data folder, made once. */
  run: string
  /** True after an orderly stop: nothing can have reached the hub that is not in `numbers`. */
  clean: boolean
  /** Hub position per partition up to which `numbers` is complete: later events must be read back after a crash. */
  positions: Readonly<Record<string, number>>
  /** Next number per station. */
  numbers: Float64Array
}

export interface GeneratorStorage {
  load(): GeneratorState | undefined
  /** Durable against a killed process when it returns. */
  save(state: GeneratorState): void
}

/** A small JSON header and the numbers as they lie in memory: 800 KB for 100,000 stations. */
export function fileStorage(path: string): GeneratorStorage {
  return {
    load() {
      let file: Buffer
      try {
        file = readFileSync(path)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
        throw error
      }
      const headerBytes = file.readUInt32LE(0)
      const header = JSON.parse(file.toString('utf8', 4, 4 + headerBytes)) as Omit<GeneratorState, 'numbers'>
      const bytes = file.subarray(4 + headerBytes)
      const numbers = new Float64Array(bytes.length / 8)
      Buffer.from(numbers.buffer).set(bytes)
      return { ...header, numbers }
    },
    save({ numbers, ...header }) {
      const text = Buffer.from(JSON.stringify(header), 'utf8')
      const length = Buffer.alloc(4)
      length.writeUInt32LE(text.length)
      mkdirSync(dirname(path), { recursive: true })
      const body = Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength)
      writeFileSync(`${path}.new`, Buffer.concat([length, text, body]))
      renameSync(`${path}.new`, path)
    },
  }
}
