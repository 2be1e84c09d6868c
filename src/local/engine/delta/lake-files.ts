/** Writes and deletes single files of the lake: whole or not at all, within its limit, flushed where that is asked for. */
import { lstatSync, renameSync, statSync, unlinkSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { flushFile, rewriteFile, writeNewFile } from '../../storage/sync-io.ts'
import type { EngineContext } from '../api/options.ts'

/** A file by container, and by its path in it. */
export interface LakePlace {
  container: string
  path: string
}

type LakeContext = Pick<EngineContext, 'lake' | 'tuning'>

/**
 * Places a file.
 * @param data a text, or parts that stand one behind the other.
 * @param options.inFileOf a file that nobody needs any more: it is written over, out of sight, or deleted.
 * @throws an error named `AlreadyExistsError` when something stands there and `overwrite` is false; LakeFullError.
 */
export async function writeLakeFile(
  context: LakeContext,
  place: LakePlace,
  data: string | readonly Uint8Array[],
  { overwrite, inFileOf }: { overwrite: boolean; inFileOf?: LakePlace },
): Promise<void> {
  const { lake, tuning } = context
  const unfinished = lake.unfinishedFile()
  const release = lake.reserve(bytesOf(data))
  try {
    const write = inFileOf && takeLakeFile(context, inFileOf, unfinished) ? rewriteFile : writeNewFile
    await write(unfinished, data, { flush: tuning.flush })
    lake.adopt(unfinished, place.container, place.path, { overwrite })
  } catch (error) {
    await rm(unfinished, { force: true })
    throw error
  } finally {
    release()
  }
}

const bytesOf = (data: string | readonly Uint8Array[]) =>
  typeof data === 'string' ? Buffer.byteLength(data) : data.reduce((sum, { length }) => sum + length, 0)

/**
 * Moves a file that somebody else wrote (DuckDB) to its place, over what stands there. On failure it is deleted.
 * @returns its size in bytes.
 */
export async function adoptWritten(
  { lake, tuning }: LakeContext,
  unfinished: string,
  place: LakePlace,
): Promise<number> {
  let release: (() => void) | undefined
  try {
    const { size } = statSync(unfinished)
    release = lake.reserve(size)
    if (tuning.flush) await flushFile(unfinished)
    lake.adopt(unfinished, place.container, place.path, { overwrite: true })
    return size
  } catch (error) {
    await rm(unfinished, { force: true })
    throw error
  } finally {
    release?.()
  }
}

/** Moves a file away from its place, to be written over. @returns false when there was none; one with a second name is deleted. */
function takeLakeFile({ lake }: LakeContext, place: LakePlace, unfinished: string): boolean {
  const file = lake.resolve(place.container, place.path)
  const found = lstatSync(file, { throwIfNoEntry: false })
  if (!found) return false
  // What a person has linked elsewhere, as a backup of links does, stays as it is there.
  const isOurs = found.isFile() && found.nlink === 1
  if (isOurs) renameSync(file, unfinished)
  else unlinkSync(file)
  lake.note(place.container, place.path, -found.size)
  return isOurs
}

/** Deletes a file; one that is gone already is no error. */
export function removeLakeFile({ lake }: Pick<LakeContext, 'lake'>, place: LakePlace): void {
  const file = lake.resolve(place.container, place.path)
  const found = lstatSync(file, { throwIfNoEntry: false })
  if (!found) return
  // In one turn with the note: a count under way would otherwise miss it, or see it twice.
  unlinkSync(file)
  lake.note(place.container, place.path, -found.size)
}
