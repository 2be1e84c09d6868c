/**
 * Watches bronze by listing it, only from where new files can still appear. Files of one partition come in
 * sequence order, so their minutes never go back. Once bronze has caught up with a partition, that partition
 * cannot add to a minute before the moment when this was seen.
 */
import {
  BRONZE,
  extraRowsIn,
  isHidden,
  minuteAt,
  minuteIn,
  parseBronzeFileName,
} from '../../contract/bronze-layout.ts'
import { BRONZE_TOTALS, parseTotals } from '../../contract/bronze-totals.ts'
import { ServiceError } from '../../pipeline/ports/errors.ts'
import type { BronzeFile, BronzeSnapshot, HubState } from '../../pipeline/ports/lake.ts'
import type { LakeClient } from './data-lake.ts'

interface Position {
  next: number
  /** Minute of its last file, `2026/11/24/02-07`; empty when it is known only from the totals. */
  minute: string
}

/** How late files of other writers may come into a minute (ms). */
const FOREIGN_LATENESS_MS = 10 * 60_000
/** How often the totals of deleted files are read again (ms). */
const TOTALS_EVERY_MS = 60_000
/** Newest files that are told by name. */
const NEWEST_FILES = 12

/** Made once for a session: its counts grow with each {@link look}. */
export class BronzeWatch {
  readonly #client: LakeClient
  readonly #now: () => number
  readonly #positions = new Map<string, Position>()
  /** Paths that were counted already and may be listed again. */
  #seen = new Set<string>()
  #from: string | undefined
  /** The latest minute at which a listing has begun: everything before it was counted. */
  #farthest = ''
  /** Time of the hub's last state (epoch ms): its clock may be set back. */
  #hubAt = Number.NEGATIVE_INFINITY
  #rows = 0
  #rejected = 0
  #extraRows = 0
  #skipped = 0
  #files = 0
  #bytes = 0
  #deleted = { files: 0, bytes: 0 }
  #hasForeign = false
  /** Whether folders of the form `HH/mm` were seen. */
  #hasFormer = false
  #newestAt: Date | undefined
  #newestFiles: readonly BronzeFile[] = []
  /** When the totals were read last (epoch ms); undefined: not yet. */
  #totalsAt: number | undefined

  constructor(client: LakeClient, now: () => number) {
    this.#client = client
    this.#now = now
  }

  /**
   * Lists, and counts the files that are new. @param hub the latest state of the hub: a partition that bronze has
   * caught up with is not listed from its beginning again.
   */
  async look(hub: HubState | undefined, signal?: AbortSignal): Promise<BronzeSnapshot> {
    const now = this.#now()
    // The clock may have been set back.
    const readsTotals = Math.abs(now - (this.#totalsAt ?? Number.NEGATIVE_INFINITY)) >= TOTALS_EVERY_MS
    const fresh: { path: string; bytes: number; modifiedAt: Date }[] = []
    const options = { recursive: true, startFrom: this.#from, signal }
    for await (const { path, isDirectory, bytes, modifiedAt } of this.#client.list(
      BRONZE.container,
      BRONZE.path,
      options,
    )) {
      if (!isDirectory && !isHidden(path) && !this.#seen.has(path)) fresh.push({ path, bytes, modifiedAt })
    }
    // After the listing: retention adds a file to the totals before deleting it, so an unlisted file is in
    // the totals.
    if (readsTotals) {
      await this.#readTotals(signal)
      this.#totalsAt = now
    }
    const parsed = fresh.map((file) => ({ ...file, name: parseBronzeFileName(file.path) }))
    parsed.sort((a, b) => (a.name?.firstSequenceNumber ?? 0) - (b.name?.firstSequenceNumber ?? 0))
    for (const file of parsed) this.#count(file)
    if (fresh.length > 0)
      this.#newestFiles = [
        ...this.#newestFiles,
        ...fresh.map(({ path, bytes, modifiedAt }) => ({ path, bytes, at: modifiedAt.getTime() })),
      ]
        .sort((a, b) => a.at - b.at || (a.path < b.path ? -1 : 1))
        .slice(-NEWEST_FILES)
    this.#moveOn(hub)
    return this.#snapshot()
  }

  #count({
    path,
    bytes,
    modifiedAt,
    name,
  }: {
    path: string
    bytes: number
    modifiedAt: Date
    name: ReturnType<typeof parseBronzeFileName>
  }): void {
    this.#seen.add(path)
    const { minute = '', isFormer = false } = minuteIn(path) ?? {}
    this.#hasFormer ||= isFormer
    if (!this.#newestAt || modifiedAt > this.#newestAt) this.#newestAt = modifiedAt
    if (!name) {
      this.#hasForeign = true
      this.#files++
      this.#bytes += bytes
      return
    }
    const id = String(name.partition)
    const position = this.#positions.get(id)
    const next = position?.next ?? 0
    // Listed again because the clock was set back: files of a partition come in sequence order.
    if (path < `${BRONZE.path}/${this.#farthest}` && name.lastSequenceNumber < next) return
    // Already in the totals, but not yet deleted.
    if (name.lastSequenceNumber < next && !position?.minute) return
    this.#files++
    this.#bytes += bytes
    this.#rows += name.rows
    this.#rejected += name.rejected
    this.#extraRows += extraRowsIn(name)
    this.#skipped += Math.max(0, name.firstSequenceNumber - next)
    this.#positions.set(id, { next: Math.max(next, name.lastSequenceNumber + 1), minute })
  }

  /** The next poll begins at the oldest minute that can still grow; everything before it can be forgotten. */
  #moveOn(hub: HubState | undefined): void {
    const minutes = [...this.#positions.values()]
      .map(({ minute }) => minute)
      .filter((minute) => minute !== '')
    const newest = minutes.sort().at(-1)
    if (this.#hasForeign || !hub || newest === undefined) {
      const late = this.#newestAt
        ? Math.min(this.#newestAt.getTime(), this.#now()) - FOREIGN_LATENESS_MS
        : undefined
      if (late !== undefined) this.#beginAt(minuteAt(late))
      return
    }
    const isSetBack = hub.at < this.#hubAt
    this.#hubAt = hub.at
    // The first file of a partition that had none may be in any minute that was passed already: all are listed once.
    if (isSetBack) {
      this.#from = undefined
      return
    }
    const open = [newest, minuteAt(hub.at)]
    for (const [id, last] of hub.lastSequenceNumbers) {
      const position = this.#positions.get(id)
      if ((position?.next ?? 0) > last) continue
      // Behind the hub: its next file may be in the minute of its last one, or anywhere if it has none.
      if (!position?.minute) return
      open.push(position.minute)
    }
    this.#beginAt(open.sort()[0] as string)
  }

  #beginAt(minute: string): void {
    // Services differ in how they sort `02/07` and `02-07`; the bare hour sorts before both everywhere.
    const from = this.#hasFormer ? minute.slice(0, 'yyyy/MM/dd/HH'.length) : minute
    if (this.#from !== undefined && from <= this.#from) return
    this.#from = from
    if (from > this.#farthest) this.#farthest = from
    const oldest = `${BRONZE.path}/${from}`
    this.#seen = new Set([...this.#seen].filter((path) => path >= oldest))
  }

  /** What retention has added up and deleted: it still counts, but takes no space. */
  async #readTotals(signal: AbortSignal | undefined): Promise<void> {
    const text = await this.#client.read(BRONZE.container, BRONZE_TOTALS, signal)
    if (!text) return
    const isFirst = this.#totalsAt === undefined
    this.#deleted = { files: 0, bytes: 0 }
    for (const [partition, totals] of totalsIn(text.toString('utf8'))) {
      const id = String(partition)
      this.#deleted.files += totals.files
      this.#deleted.bytes += totals.bytes
      if (!isFirst) continue
      this.#rows += totals.rows
      this.#rejected += totals.rejected
      this.#extraRows += totals.extraRows ?? 0
      this.#skipped += totals.skipped
      this.#files += totals.files
      this.#bytes += totals.bytes
      this.#positions.set(id, { next: totals.nextSequenceNumber, minute: '' })
    }
  }

  #snapshot(): BronzeSnapshot {
    const isExact = !this.#hasForeign
    return {
      files: this.#files - this.#deleted.files,
      bytes: this.#bytes - this.#deleted.bytes,
      rows: isExact ? this.#rows : undefined,
      rejected: isExact ? this.#rejected : undefined,
      extraRows: isExact ? this.#extraRows : undefined,
      skipped: isExact ? this.#skipped : undefined,
      positions: new Map([...this.#positions].map(([id, { next }]) => [id, next - 1])),
      newestAt: this.#newestAt,
      newestFiles: this.#newestFiles,
    }
  }
}

/** The totals file's text, by partition. It stands outside of every transaction: a hand or a half write may have damaged it. @throws ServiceError */
export function totalsIn(text: string): ReturnType<typeof parseTotals> {
  try {
    return parseTotals(text)
  } catch (cause) {
    throw new ServiceError(
      'service',
      'the data lake',
      `${BRONZE.container}/${BRONZE_TOTALS} cannot be read: it is no JSON of totals.`,
      { hint: 'Put it back from a copy: it counts the files of bronze that retention has deleted.', cause },
    )
  }
}
