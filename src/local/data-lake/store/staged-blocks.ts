/** Blocks that were put and not yet listed: invisible until a block list makes a file of them, and of those that it was made of before. */
import { constants, lstatSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { appendFile, copyFile, open } from 'node:fs/promises'
import { HttpError } from '../../http/errors.ts'
import { etagOf } from './entry.ts'
import type { LakeFolder } from './folder.ts'
import { entryAt } from './names.ts'
import type { CommittedBlock } from './properties.ts'
import { diskError } from './storage-errors.ts'

interface Block {
  file: string
  bytes: number
  release: () => void
}

/** One entry of a block list: where the block is looked for. */
export interface ListedBlock {
  from: 'committed' | 'uncommitted' | 'latest'
  id: string
}

export const keyOf = (container: string, path: string) => `${container}/${path}`

/** Files with blocks, over all clients. The oldest is given up for a new one beyond it. */
const MAX_FILES = 1000
/** Of one file. */
export const MAX_BLOCKS = 50_000

/** Where a piece of the new file comes from. */
type Piece = { file: string; bytes: number } | { at: number; bytes: number }

export class StagedBlocks {
  readonly #folder: LakeFolder
  readonly #blocks = new Map<string, Map<string, Block>>()

  constructor(folder: LakeFolder) {
    this.#folder = folder
  }

  /**
   * A block put again under its id replaces the first.
   * @param committed those that the file was made of. @throws HttpError 400 for an id of another length than theirs.
   */
  put(container: string, path: string, id: string, data: Buffer, committed: readonly CommittedBlock[]): void {
    const key = keyOf(container, path)
    const blocks = this.#blocks.get(key) ?? new Map<string, Block>()
    const other = blocks.keys().next().value ?? committed[0]?.id
    if (other !== undefined && decodedLength(other) !== decodedLength(id))
      throw new HttpError(
        400,
        'InvalidBlobOrBlock',
        'The specified blob or block content is invalid: the ids of a blob’s blocks must be of one length.',
      )
    if (blocks.size >= MAX_BLOCKS && !blocks.has(id))
      throw new HttpError(409, 'BlockCountExceedsLimit', 'Too many blocks wait to be committed.')
    const before = blocks.get(id)
    if (before) drop(before)
    blocks.delete(id)
    const release = this.#folder.reserve(data.length)
    const file = this.#folder.unfinishedFile()
    try {
      writeFileSync(file, data)
    } catch (error) {
      drop({ file, release })
      throw diskError(error)
    }
    blocks.set(id, { file, bytes: data.length, release })
    if (!this.#blocks.has(key) && this.#blocks.size >= MAX_FILES)
      this.forget(this.#blocks.keys().next().value as string)
    this.#blocks.set(key, blocks)
  }

  /** Waiting blocks, in order of arrival. */
  of(container: string, path: string): CommittedBlock[] {
    return [...(this.#blocks.get(keyOf(container, path)) ?? [])].map(([id, { bytes }]) => ({ id, bytes }))
  }

  /** Paths of a container with waiting blocks. */
  pathsIn(container: string): string[] {
    const prefix = keyOf(container, '')
    return [...this.#blocks.keys()]
      .filter((key) => key.startsWith(prefix))
      .map((key) => key.slice(prefix.length))
  }

  /**
   * Makes a file of blocks; those that it does not name are given up.
   * @param committed those that the file was made of.
   * @param check called in the turn in which the file becomes visible; throws when it must not.
   * @returns the blocks that it is made of. @throws HttpError 400 for a block that is not there.
   */
  async commit(
    container: string,
    path: string,
    list: readonly ListedBlock[],
    committed: readonly CommittedBlock[],
    check: () => void,
  ): Promise<CommittedBlock[]> {
    const key = keyOf(container, path)
    const target = this.#folder.resolve(container, path)
    const before = entryAt(target)
    const staged = this.#blocks.get(key)
    const pieces = piecesOf(list, staged, committed)
    const isUnchanged = () => {
      const now = entryAt(target)
      return (now && etagOf(now)) === (before && etagOf(before))
    }
    const keepsOld = pieces.some((piece) => 'at' in piece)
    const release = keepsOld ? this.#folder.reserve(before?.size ?? 0) : () => {}
    const whole = this.#folder.unfinishedFile()
    try {
      await assemble(whole, target, pieces, committed)
      // They may have been committed, or given up, in the meantime.
      if (list.length > 0 && (this.#blocks.get(key) !== staged || (keepsOld && !isUnchanged())))
        throw invalidList('they are no longer there')
      check()
      this.#folder.adopt(whole, container, path, { overwrite: true })
      this.forget(key)
    } catch (error) {
      rmSync(whole, { force: true })
      throw diskError(error)
    } finally {
      release()
    }
    return list.map(({ id }, index) => ({ id, bytes: (pieces[index] as Piece).bytes }))
  }

  forget(key: string): void {
    const blocks = this.#blocks.get(key)
    if (!blocks) return
    this.#blocks.delete(key)
    for (const block of blocks.values()) drop(block)
  }

  forgetBelow(prefix: string): void {
    for (const key of [...this.#blocks.keys()]) if (key.startsWith(prefix)) this.forget(key)
  }
}

function piecesOf(
  list: readonly ListedBlock[],
  staged: ReadonlyMap<string, Block> | undefined,
  committed: readonly CommittedBlock[],
): Piece[] {
  const old = new Map<string, Piece>()
  let at = 0
  for (const { id, bytes } of committed) {
    old.set(id, { at, bytes })
    at += bytes
  }
  return list.map(({ from, id }) => {
    const piece =
      (from === 'committed' ? undefined : staged?.get(id)) ??
      (from === 'uncommitted' ? undefined : old.get(id))
    if (!piece)
      throw invalidList(`there is no ${from === 'latest' ? '' : `${from} `}block ${id.slice(0, 100)}`)
    return piece
  })
}

async function assemble(
  whole: string,
  target: string,
  pieces: readonly Piece[],
  committed: readonly CommittedBlock[],
): Promise<void> {
  // A writer that flushes often names all that it has, and one more.
  let [start, at] = [0, 0]
  for (let piece = pieces[start]; start < committed.length && piece && 'at' in piece && piece.at === at; ) {
    at += piece.bytes
    piece = pieces[++start]
  }
  if (start > 0 && start === committed.length && lstatSync(target).size === at)
    await copyFile(target, whole, constants.COPYFILE_FICLONE)
  else {
    start = 0
    writeFileSync(whole, '')
  }
  const rest = pieces.slice(start)
  const old = rest.some((piece) => 'at' in piece) ? await open(target, 'r') : undefined
  try {
    for (const piece of rest) {
      if ('file' in piece) await appendFile(whole, readFileSync(piece.file))
      else if (old) {
        const bytes = Buffer.alloc(piece.bytes)
        const { bytesRead } = await old.read(bytes, 0, piece.bytes, piece.at)
        if (bytesRead < piece.bytes) throw invalidList('the blob is shorter than its blocks')
        await appendFile(whole, bytes)
      }
    }
  } finally {
    await old?.close()
  }
}

const decodedLength = (id: string) => Buffer.from(id, 'base64').length

const invalidList = (why: string) =>
  new HttpError(400, 'InvalidBlockList', `The specified block list is invalid: ${why}.`)

function drop({ file, release }: Pick<Block, 'file' | 'release'>): void {
  release()
  rmSync(file, { force: true })
}
