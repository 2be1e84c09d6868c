/** Small JSON files below `<data>/state`, which outlive the process. */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** A state file is there and makes no sense: somebody changed it, or the disk lost it. */
export class StateFileError extends Error {
  override readonly name = 'StateFileError'
  readonly hint = 'Move the file away: what it held (names, history) is made anew; no data is lost.'
}

/**
 * @returns undefined when there is none.
 * @throws StateFileError
 */
export function readStateFile<T>(file: string): T | undefined {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  try {
    return JSON.parse(text) as T
  } catch (cause) {
    throw new StateFileError(`${file} cannot be read: it is no JSON.`, { cause })
  }
}

/** Written whole under another name first: a crash leaves the old file or the new one. */
export function writeJsonAtomically(file: string, value: unknown): void {
  mkdirSync(dirname(file), { recursive: true })
  try {
    writeFileSync(`${file}.new`, JSON.stringify(value))
    renameSync(`${file}.new`, file)
  } catch (error) {
    rmSync(`${file}.new`, { force: true })
    throw error
  }
}
