/**
 * Finds bronze files and puts them in order: a scan at the start, then what the lake tells. Files of the local job carry
 * partition and sequence numbers in their name, so one number per partition says how far silver has read. Files of other
 * writers are remembered by path.
 */
import { statSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { BRONZE, isHidden, minuteIn, parseBronzeFileName } from '../../../contract/bronze-layout.ts'
import type { EngineContext } from '../api/options.ts'
import { type BronzePiece, pieceEnd } from './bronze-text.ts'
import { cutFile } from './cut-files.ts'
import type { OnInput } from './query.ts'

/** How far silver has read: what its checkpoint keeps. */
export interface BronzePosition {
  /** Last sequence number read, by partition. */
  partitions: Record<string, number>
  /** A long file that has been read up to this byte. */
  partial?: { path: string; read: number }
}

/** What the next batch would take. */
export interface BronzePlan {
  pieces: BronzePiece[]
  /** Files with foreign names that end in this batch. */
  foreign: string[]
  position: BronzePosition
  /** Only empty files. */
  empty: boolean
  /** More is waiting than this batch could take. */
  more: boolean
}

interface PendingFile {
  path: string
  folder: string
  /** Undefined: a foreign name. */
  partition: number | undefined
  first: number
  last: number
  rows: number | undefined
}

const FOREIGN = -1

/** Plans each file once, and none of a partition before those that stand before it. */
export class BronzeSource {
  readonly #context: EngineContext
  readonly #readForeign: ReadonlySet<string>
  /** Unread files in order, by partition; foreign names under {@link FOREIGN}. */
  readonly #queues = new Map<number, PendingFile[]>()
  readonly #known = new Set<string>()
  #position: BronzePosition
  /** Names were dropped as too many are pending: scan again once these are read. */
  #overflow = false
  /** What came during a scan: offered behind it, or a late file would overtake those that the scan has not reached. */
  #duringScan: string[] | undefined
  #stopListening: (() => void) | undefined

  /** @param readForeign paths of foreign files that were read; the caller adds to it as batches are done. */
  constructor(context: EngineContext, position: BronzePosition, readForeign: ReadonlySet<string>) {
    this.#context = context
    this.#position = position
    this.#readForeign = readForeign
  }

  /** Begins to listen, then scans. @param onInput is called for every file that comes later, with its rows. */
  async open(onInput: OnInput): Promise<void> {
    this.#stopListening = this.#context.lake.onPlaced((container, path) => {
      if (container !== BRONZE.container) return
      if (this.#duringScan) this.#duringScan.push(path)
      else if (this.#offer(path)) onInput(parseBronzeFileName(path)?.rows)
    })
    await this.#scan()
  }

  /** It hears of no more files. */
  close(): void {
    this.#stopListening?.()
  }

  /** Rows of files that are known and not planned; infinite where their names do not tell, or there are more files than are kept. */
  get pendingRows(): number {
    if (this.#overflow) return Number.POSITIVE_INFINITY
    let rows = 0
    for (const queue of this.#queues.values())
      for (const file of queue) rows += file.rows ?? Number.POSITIVE_INFINITY
    return rows
  }

  /**
   * Whether the next batch may be planned before the last one is done: what that took is known by sequence numbers, which no look at the
   * folder gives back. Files of other writers come back until they are noted as read.
   */
  get isKnownAhead(): boolean {
    return !this.#overflow && !this.#queues.has(FOREIGN) && this.#position.partial === undefined
  }

  /**
   * The next batch's input; undefined when there is none. What it names is not planned again.
   * @param bytesPerBatch at most, but for a file that is larger.
   */
  async plan(bytesPerBatch = this.#context.tuning.bytesPerBatch): Promise<BronzePlan | undefined> {
    if (this.#overflow && this.#queues.size === 0) {
      this.#overflow = false
      await this.#scan()
    }
    const { rowsPerBatch, filesPerBatch } = this.#context.tuning
    const plan: BronzePlan = {
      pieces: [],
      foreign: [],
      position: { partitions: { ...this.#position.partitions } },
      empty: true,
      more: false,
    }
    let rows = 0
    let bytes = 0
    let taken = 0
    for (let file = this.#head(); file; file = this.#head()) {
      const size = this.#sizeOf(file.path)
      if (size === undefined) {
        this.#context.logger.warn({ file: file.path }, 'a bronze file was deleted before silver read it')
        this.#drop(file)
        continue
      }
      const from = this.#position.partial?.path === file.path ? this.#position.partial.read : 0
      const room = { maxRows: rowsPerBatch - rows, maxBytes: bytesPerBatch - bytes }
      const fits =
        file.rows !== undefined &&
        file.rows <= room.maxRows &&
        size - from <= room.maxBytes &&
        taken < filesPerBatch
      if (
        !fits &&
        taken > 0 &&
        (file.rows !== undefined || taken >= filesPerBatch || size - from > room.maxBytes)
      ) {
        plan.more = true
        break
      }
      const to = fits ? size : await pieceEnd(this.#resolve(file.path), from, size, room)
      taken++
      bytes += to - from
      const isWhole = fits && from === 0
      if (isWhole && size === 0 && (file.rows ?? 0) > 0) throw cutFile(file.path, 0, file.rows ?? 0)
      if (to > from) plan.pieces.push({ path: file.path, from, to, ...(isWhole && { whole: true }) })
      if (to < size) {
        // The rest of a long file is the next batch's.
        plan.position.partial = { path: file.path, read: to }
        plan.more = true
        break
      }
      rows += file.rows ?? Math.ceil((to - from) / 200)
      this.#drop(file)
      // A foreign file without content is one that its writer has only begun.
      if (file.partition === undefined && size > 0) plan.foreign.push(file.path)
      if (file.partition !== undefined)
        plan.position.partitions[file.partition] = Math.max(
          file.last,
          plan.position.partitions[file.partition] ?? -1,
        )
      delete this.#position.partial
      if (rows >= rowsPerBatch || bytes >= bytesPerBatch) {
        plan.more = this.#queues.size > 0 || this.#overflow
        break
      }
    }
    if (taken === 0) return undefined
    plan.empty = plan.pieces.length === 0
    this.#position = plan.position
    return plan
  }

  /** Takes a name into the queues when it is new. */
  #offer(path: string): boolean {
    if (!path.startsWith(`${BRONZE.path}/`) || !path.endsWith('.json') || isHidden(path)) return false
    if (this.#known.has(path)) return false
    const parsed = parseBronzeFileName(path)
    const read = parsed
      ? parsed.lastSequenceNumber <= (this.#position.partitions[parsed.partition] ?? -1)
      : this.#readForeign.has(path)
    if (read) return false
    // Once one name was dropped all later ones are: the next scan finds them in order.
    this.#overflow ||= this.#known.size >= this.#context.tuning.pendingFiles
    if (this.#overflow) return true
    this.#known.add(path)
    const file: PendingFile = {
      path,
      folder: minuteIn(path)?.minute ?? dirname(path).slice(BRONZE.path.length + 1),
      partition: parsed?.partition,
      first: parsed?.firstSequenceNumber ?? 0,
      last: parsed?.lastSequenceNumber ?? 0,
      rows: parsed?.rows,
    }
    insertInOrder(this.#queueOf(parsed?.partition ?? FOREIGN), file)
    return true
  }

  #queueOf(key: number): PendingFile[] {
    const queue = this.#queues.get(key) ?? []
    this.#queues.set(key, queue)
    return queue
  }

  /** Of all queues' first files the one of the earliest minute: so no partition runs far ahead of the others. */
  #head(): PendingFile | undefined {
    const { partial } = this.#position
    let head: PendingFile | undefined
    for (const [file] of this.#queues.values()) {
      if (!file) continue
      if (file.path === partial?.path) return file
      if (!head || file.folder < head.folder || (file.folder === head.folder && order(file) < order(head))) {
        head = file
      }
    }
    return head
  }

  #drop(file: PendingFile): void {
    const key = file.partition ?? FOREIGN
    const queue = this.#queueOf(key)
    queue.splice(queue.indexOf(file), 1)
    if (queue.length === 0) this.#queues.delete(key)
    this.#known.delete(file.path)
  }

  #resolve(path: string): string {
    return this.#context.lake.resolve(BRONZE.container, path)
  }

  #sizeOf(path: string): number | undefined {
    try {
      const found = statSync(this.#resolve(path))
      if (!found.isFile())
        throw new Error(`bronze/${path} is not a file. Remove it, then start silver again.`)
      return found.size
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    }
  }

  /** Offers every file below the folder, oldest minute first. */
  async #scan(): Promise<void> {
    this.#duringScan = []
    const folders = [BRONZE.path as string]
    for (let folder = folders.pop(); folder !== undefined && !this.#overflow; folder = folders.pop()) {
      const entries = await entriesOf(this.#resolve(folder))
      entries.sort((a, b) => (a.name < b.name ? -1 : 1))
      for (const entry of entries) if (!entry.isDirectory()) this.#offer(`${folder}/${entry.name}`)
      const below = entries.filter((entry) => entry.isDirectory()).map((entry) => `${folder}/${entry.name}`)
      // A stack: the oldest comes off first.
      folders.push(...below.reverse())
    }
    for (const path of this.#duringScan) this.#offer(path)
    this.#duringScan = undefined
  }
}

const order = (file: PendingFile) => file.partition ?? Number.MAX_SAFE_INTEGER

/** Files mostly come in order, so the search begins at the end. */
function insertInOrder(queue: PendingFile[], file: PendingFile): void {
  let at = queue.length
  while (at > 0 && comesBefore(file, queue[at - 1] as PendingFile)) at--
  queue.splice(at, 0, file)
}

function comesBefore(one: PendingFile, other: PendingFile): boolean {
  return one.partition === undefined ? one.path < other.path : one.first < other.first
}

async function entriesOf(folder: string) {
  try {
    return await readdir(folder, { withFileTypes: true })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
