/** Moves within the lake, in one step for whoever looks; also where a folder below it is another disk's mount point. */
import { randomUUID } from 'node:crypto'
import { cpSync, linkSync, renameSync, rmSync, unlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** What is being copied to another disk stands beside its place under such a name, which no listing shows. */
const UNFINISHED = '.unfinished-'
/** Whether an entry is such a copy; one that a killed process has left behind stays hidden. */
export const isUnfinished = (name: string): boolean => name.startsWith(UNFINISHED)

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code

/** Replaces a file, or an empty folder, that stands at the target. */
export function moveOver(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch (error) {
    if (codeOf(error) !== 'EXDEV') throw error
    acrossDisks(from, to, renameSync)
  }
}

/** Never replaces: a second name that must be new, then the old name goes. For files. */
export function moveNew(from: string, to: string): void {
  try {
    linkSync(from, to)
  } catch (error) {
    if (codeOf(error) === 'EXDEV') {
      acrossDisks(from, to, moveNew)
      return
    }
    // File systems without hard links (exFAT): the caller has looked in this same turn, and one process owns the lake.
    const code = codeOf(error)
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'ENOSYS') throw error
    moveOver(from, to)
    return
  }
  unlinkSync(from)
}

/** A copy on the target's disk first, which is then moved; on failure nothing has changed. */
function acrossDisks(from: string, to: string, move: (from: string, to: string) => void): void {
  const copy = join(dirname(to), `${UNFINISHED}${randomUUID()}`)
  try {
    cpSync(from, copy, { recursive: true, preserveTimestamps: true })
    move(copy, to)
  } catch (error) {
    rmSync(copy, { recursive: true, force: true })
    throw error
  }
  rmSync(from, { recursive: true, force: true })
}
