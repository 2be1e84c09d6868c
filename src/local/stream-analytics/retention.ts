/** Lets go of bronze that silver has read: whole minute folders, after their rows were added to the totals file. */
import { lstatSync, readdirSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { minuteOfFolder } from '../../contract/bronze-layout.ts'
import { addToTotals } from '../../contract/bronze-totals.ts'
import type { Clock } from '../runtime/clock.ts'
import { filesIn, minuteFolders, readTotals, writeTotals } from './bronze-files.ts'

/** What may go, and when. */
export interface BronzeRetentionOptions {
  bronzeRoot: string
  /** Minutes younger than this stay (ms). */
  keepMs: number
  clock: Clock
  logger: Pick<Logger, 'info' | 'warn'>
  /** @returns whether silver has durably read a file, as things stand now (path relative to the container). */
  readBySilver: () => (path: string) => boolean
  /** The path is relative to the container. */
  remove: (path: string) => void
  /** How often to look (ms). */
  everyMs?: number
}

const MINUTE_MS = 60_000
const EVERY_MS = 60_000
/** Folders that one look removes at most, so that none takes long. */
const FOLDERS_PER_LOOK = 30

/** Its timer runs from the start on and keeps no process alive. */
export class BronzeRetention {
  readonly #options: BronzeRetentionOptions
  readonly #timer: NodeJS.Timeout

  constructor(options: BronzeRetentionOptions) {
    this.#options = options
    this.#timer = setInterval(() => this.sweep(), options.everyMs ?? EVERY_MS)
    this.#timer.unref()
  }

  /** Removes what may be deleted, oldest first. The rest is left for the next sweep. */
  sweep(): void {
    const { bronzeRoot, clock, keepMs, logger } = this.#options
    try {
      const limit = Math.floor((clock.now() - keepMs) / MINUTE_MS) * MINUTE_MS
      const isRead = this.#options.readBySilver()
      let removed = 0
      for (const folder of minuteFolders(bronzeRoot)) {
        if (minuteOfFolder(folder) >= limit || removed >= FOLDERS_PER_LOOK) break
        const outcome = this.#remove(folder, isRead)
        // The totals have no gaps: nothing behind a folder that must stay may go.
        if (outcome === 'unread') break
        if (outcome === 'removed') removed++
      }
      if (removed > 0) logger.info({ folders: removed }, 'bronze retention: read folders removed')
    } catch (error) {
      logger.warn({ reason: (error as Error).message }, 'bronze retention: the sweep was not finished')
    }
  }

  /** Stops the timer. */
  close(): void {
    clearInterval(this.#timer)
  }

  #remove(folder: string, isRead: (path: string) => boolean): 'removed' | 'unread' | 'foreign' {
    const { bronzeRoot, remove } = this.#options
    const files = filesIn(bronzeRoot, folder)
    if (files.length === 0) return removeEmptyFolders(bronzeRoot, folder) ? 'removed' : 'foreign'
    if (!files.every(({ name }) => isRead(`${folder}/${name}`))) return 'unread'
    const totals = readTotals(bronzeRoot)
    files.sort((one, other) => one.file.firstSequenceNumber - other.file.firstSequenceNumber)
    for (const { name, file } of files)
      addToTotals(totals, file, lstatSync(join(bronzeRoot, folder, name)).size)
    writeTotals(bronzeRoot, totals)
    for (const { name } of files) remove(`${folder}/${name}`)
    removeEmptyFolders(bronzeRoot, folder)
    return 'removed'
  }
}

/** Removes the minute's folder and its parents, as far as they are empty. @returns whether the minute's is gone. */
function removeEmptyFolders(root: string, folder: string): boolean {
  let gone = false
  for (let path = folder; path.includes('/'); path = path.slice(0, path.lastIndexOf('/'))) {
    if (readdirSync(join(root, path)).length > 0) return gone
    rmdirSync(join(root, path))
    gone = true
  }
  return gone
}
