/** Where Stream Analytics puts its files: `bronze/weather/yyyy/MM/dd/HH/mm/<file>.json`. */
export const BRONZE = { container: 'bronze', path: 'weather' } as const

/** What the local job's file name tells without opening the file. */
export interface BronzeFile {
  partition: number
  /** First and last hub sequence number of the output batch, both inclusive; the output batch has no gaps. */
  firstSequenceNumber: number
  lastSequenceNumber: number
  /** Lines in the file. The output batch's other events were rejected as deserialization errors. */
  rows: number
}

/** UTC minute folder below the container's root: `weather/2026/11/24/02/07`. */
export const bronzeFolder = (enqueuedAt: Date): string => `${BRONZE.path}/${minuteAt(enqueuedAt.getTime())}`

/** A minute as its folder names it: `2026/11/24/02/07`; minutes sort as text. @param time epoch milliseconds. */
export function minuteAt(time: number): string {
  const iso = new Date(time).toISOString()
  return `${iso.slice(0, 4)}/${iso.slice(5, 7)}/${iso.slice(8, 10)}/${iso.slice(11, 13)}/${iso.slice(14, 16)}`
}

/** The minute of a path relative to the container. */
export const minuteIn = (path: string): string => path.split('/').slice(1, 6).join('/')

const pad = (value: number) => String(value).padStart(14, '0')

/** `0_00000000001804-00000000001811_8.json`; names of one partition sort by sequence number. */
export function bronzeFileName(file: BronzeFile): string {
  return `${file.partition}_${pad(file.firstSequenceNumber)}-${pad(file.lastSequenceNumber)}_${file.rows}.json`
}

const NAME = /(?:^|\/)(\d+)_(\d{14})-(\d{14})_(\d+)\.json$/

/** The inverse of {@link bronzeFileName}, for a name or a path; undefined for files of other writers. */
export function parseBronzeFileName(path: string): BronzeFile | undefined {
  const match = NAME.exec(path)
  if (!match) return undefined
  return {
    partition: Number(match[1]),
    firstSequenceNumber: Number(match[2]),
    lastSequenceNumber: Number(match[3]),
    rows: Number(match[4]),
  }
}

/** Start of the folder's minute (epoch ms). */
export function minuteOfFolder(folder: string): number {
  const [, year, month, day, hour, minute] = folder.split('/')
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:00Z`)
}
