/** Where Stream Analytics puts its files: `bronze/weather/yyyy/MM/dd/HH-mm/<file>.json`. */
export const BRONZE = { container: 'bronze', path: 'weather' } as const

/**
 * The job's output path, in its own notation; write mode Once allows only these two tokens. Why `HH-mm` and
 * not `HH/mm`: docs/decisions/012-folders-of-the-write-mode-once.md.
 */
export const BRONZE_OUTPUT = {
  pathPattern: `${BRONZE.path}/{date}/{time}`,
  dateFormat: 'yyyy/MM/dd',
  timeFormat: 'HH-mm',
} as const

/** Whether engines skip a file: its name, or a folder that it is in, begins with `_` or `.`, as what is not finished does. */
export const isHidden = (path: string): boolean => /(?:^|\/)[_.]/.test(path)

/** What the name of the local job's file says, without opening the file. */
export interface BronzeFile {
  partition: number
  /** First and last sequence number of the output batch, both inclusive; it has no gaps. */
  firstSequenceNumber: number
  lastSequenceNumber: number
  /** Lines in the file. */
  rows: number
  /**
   * Events rejected as deserialization errors. Each other event gave one row, or several: an array gives one
   * per element.
   */
  rejected: number
}

/** UTC minute folder below the container's root: `weather/2026/11/24/02-07`. */
export const bronzeFolder = (enqueuedAt: Date): string => `${BRONZE.path}/${minuteAt(enqueuedAt.getTime())}`

/**
 * The same in the form `HH/mm`, written by earlier deployments and still read: `weather/2026/11/24/02/07`.
 */
export const formerBronzeFolder = (enqueuedAt: Date): string =>
  bronzeFolder(enqueuedAt).replace(/-(\d\d)$/, '/$1')

/**
 * A minute in the form of its folder: `2026/11/24/02-07`; minutes sort as text.
 * @param time epoch milliseconds.
 */
export function minuteAt(time: number): string {
  const iso = new Date(time).toISOString()
  return `${iso.slice(0, 4)}/${iso.slice(5, 7)}/${iso.slice(8, 10)}/${iso.slice(11, 13)}-${iso.slice(14, 16)}`
}

const MINUTE = /^[^/]+\/(\d{4})\/(\d{2})\/(\d{2})\/(\d{2})([-/])(\d{2})(?:\/|$)/

/**
 * The minute of a folder or a file in it, relative to the container, always in the form of {@link minuteAt};
 * undefined outside the minute folders.
 */
export function minuteIn(path: string): { minute: string; isFormer: boolean } | undefined {
  const [, year, month, day, hour, separator, minute] = MINUTE.exec(path) ?? []
  if (separator === undefined) return undefined
  return { minute: `${year}/${month}/${day}/${hour}-${minute}`, isFormer: separator === '/' }
}

const pad = (value: number) => String(value).padStart(14, '0')

type BronzeRange = Pick<BronzeFile, 'firstSequenceNumber' | 'lastSequenceNumber'>

const eventsIn = (file: BronzeRange) => file.lastSequenceNumber - file.firstSequenceNumber + 1

/** Rows beyond the first of each event. */
export const extraRowsIn = (file: BronzeFile): number => file.rows + file.rejected - eventsIn(file)

/**
 * `0_00000000001804-00000000001811_8.json`; names of one partition sort by sequence number. When events gave
 * several rows, the number of rejected events follows: `0_00000000001804-00000000001811_20_1.json`.
 */
export function bronzeFileName(file: Omit<BronzeFile, 'rejected'> & { rejected?: number }): string {
  const plain = eventsIn(file) - file.rows
  const rejected = (file.rejected ?? plain) === plain ? '' : `_${file.rejected}`
  return `${file.partition}_${pad(file.firstSequenceNumber)}-${pad(file.lastSequenceNumber)}_${file.rows}${rejected}.json`
}

const NAME = /(?:^|\/)(\d+)_(\d{14})-(\d{14})_(\d+)(?:_(\d+))?\.json$/

/** The inverse of {@link bronzeFileName}, for a name or a path; undefined for files of other writers. */
export function parseBronzeFileName(path: string): BronzeFile | undefined {
  const match = NAME.exec(path)
  if (!match) return undefined
  const [, partition, first, last, rows, rejected] = match.map(Number)
  const file = {
    partition: partition as number,
    firstSequenceNumber: first as number,
    lastSequenceNumber: last as number,
    rows: rows as number,
    rejected: 0,
  }
  return { ...file, rejected: match[5] === undefined ? eventsIn(file) - file.rows : (rejected as number) }
}

/** Start of the folder's minute (epoch ms), in either form; NaN outside the minute folders. */
export function minuteOfFolder(folder: string): number {
  const { minute } = minuteIn(folder) ?? {}
  if (minute === undefined) return Number.NaN
  const [year, month, day, hour, minutes] = minute.split(/[/-]/)
  return Date.parse(`${year}-${month}-${day}T${hour}:${minutes}:00Z`)
}
