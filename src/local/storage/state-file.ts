/** Small JSON files below `<data>/state`, which outlive the process. */
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { textIfThere } from './if-there.ts'
import { UnwritableFileError } from './naming-file.ts'

/** A state file exists but is not valid: somebody changed it, or the disk lost data. */
export class StateFileError extends Error {
  override readonly name = 'StateFileError'
  readonly hint = 'Move the file away: what it held (names, history) is made anew; no data is lost.'
}

/**
 * @param isWhole tells what the file should hold from what a hand, or another version, made of it.
 * @returns undefined when there is none.
 * @throws StateFileError
 */
export function readStateFile<T>(file: string, isWhole: (found: unknown) => boolean): T | undefined {
  const text = textIfThere(file)
  if (text === undefined) return undefined
  let found: unknown
  try {
    found = JSON.parse(text)
  } catch (cause) {
    throw new StateFileError(`${file} cannot be read: it is not JSON.`, { cause })
  }
  if (!isWhole(found)) throw new StateFileError(`${file} cannot be read: it holds something else.`)
  return found as T
}

/** An object with these keys, whatever their values. */
export const hasKeys = (found: unknown, keys: readonly string[]): boolean =>
  typeof found === 'object' && found !== null && !Array.isArray(found) && keys.every((key) => key in found)

/**
 * Written whole under another name first: a crash leaves the old file or the new one.
 * @param mode of the file, where it is not for everybody.
 */
export function writeJsonAtomically(file: string, value: unknown, mode?: number): void {
  try {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(`${file}.new`, JSON.stringify(value), mode === undefined ? {} : { mode })
    renameSync(`${file}.new`, file)
  } catch (error) {
    rmSync(`${file}.new`, { force: true })
    throw new UnwritableFileError(file, error)
  }
}
