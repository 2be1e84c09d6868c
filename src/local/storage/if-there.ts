/** Reads of what may not be there yet: that is an answer; all else that goes wrong is thrown. */
import { readdirSync, readFileSync } from 'node:fs'

/** A file's text; undefined when there is none. */
export const textIfThere = (file: string): string | undefined => ifThere(() => readFileSync(file, 'utf8'))

/** The names in a folder, in no order; none when there is no folder. */
export const namesIfThere = (folder: string): string[] => ifThere(() => readdirSync(folder)) ?? []

function ifThere<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
