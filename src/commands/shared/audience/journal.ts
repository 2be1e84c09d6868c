/** Keeps the ids of acknowledged readings of phones in a file of the data folder: a line for each, appended. */
import { appendFileSync, mkdirSync, readFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { JournalStorage } from '../../../pipeline/audience/journal.ts'

const FORMAT = 1

interface Header {
  format: typeof FORMAT
  /** Events that were acknowledged before those of the lines below. */
  before: number
}

/**
 * Lines are appended; now and then the file is written anew, in one step. `load` throws for a damaged file, after
 * moving it aside.
 */
export function audienceJournal(path: string): JournalStorage {
  let isThere = false
  const replace = (acknowledged: number, ids: readonly string[]) => {
    const header: Header = { format: FORMAT, before: acknowledged - ids.length }
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(`${path}.new`, [JSON.stringify(header), ...ids, ''].join('\n'), { mode: 0o600 })
    renameSync(`${path}.new`, path)
    isThere = true
  }
  return {
    load() {
      const text = read(path)
      if (text === undefined) return undefined
      // A process that was killed may have left half a line.
      const whole = text.slice(0, text.lastIndexOf('\n') + 1)
      const [first = '', ...ids] = whole.split('\n').slice(0, -1)
      const header = headerOf(first)
      if (!header) {
        renameSync(path, `${path}.damaged`)
        throw new Error(`${path} is damaged and was moved to ${path}.damaged.`)
      }
      if (whole.length < text.length) truncateSync(path, Buffer.byteLength(whole))
      isThere = true
      return { acknowledged: header.before + ids.length, ids }
    },
    append(ids) {
      if (isThere) appendFileSync(path, ids.map((id) => `${id}\n`).join(''))
      else replace(ids.length, ids)
    },
    replace,
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

function headerOf(line: string): Header | undefined {
  try {
    const header = JSON.parse(line) as Header
    return header.format === FORMAT && Number.isInteger(header.before) && header.before >= 0
      ? header
      : undefined
  } catch {
    return undefined
  }
}
