/**
 * The contract's rules for lines in the one form that our own generator and the local job write: clean ones, and those that the generator
 * has made dirty. One regular expression takes such a line apart. Any other line is DuckDB's (jobs/silver-rules.ts), which says the
 * same of these (test/local/engine/jobs/canonical-line.test.ts compares them).
 */
import { idByDevice } from '../../../contract/derived-id.ts'
import { EARLIEST_YEAR, HUMIDITY_RANGE, TEMPERATURE_RANGE } from '../../../contract/reading.ts'
import { noReadings, type Readings } from './readings.ts'

/** Rows of the quarantine. */
export interface Refused {
  raw: string[]
  reasons: string[][]
  /** Microseconds since 1970, UTC. */
  enqueuedAt: number[]
  /** By which a repetition is found; not in the table. */
  eventId: string[]
}

/** A batch's rows by their verdict, and the verdicts in the order of the lines. */
export interface LiveRowsOfLines {
  valid: Readings
  refused: Refused
  /** For each line: whether it is valid. */
  verdicts: boolean[]
}

const TEXT = String.raw`"([^"\\\u0000-\u001f]*)"`
/** As far as a double tells them apart. */
const COUNT = String.raw`(0|[1-9]\d{0,14})`
const WHOLE = String.raw`(-?(?:0|[1-9]\d{0,8}))`
const INSTANT = String.raw`"(\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z)"`
const FORM = new RegExp(
  `^\\{(?:"eventId":${TEXT},)?"deviceId":${TEXT},"deviceSequenceNumber":${COUNT},"city":${TEXT},"temperature":${WHOLE},` +
    `"humidity":${WHOLE},"timestamp":${TEXT},"createdAt":${INSTANT},"EventProcessedUtcTime":"[^"\\\\\\u0000-\\u001f]*",` +
    `"PartitionId":(0|[1-9]\\d{0,8}),"EventEnqueuedUtcTime":${INSTANT},"SequenceNumber":${COUNT}\\}$`,
)
const MEASURED = /^\d{4}-\d\d-\d\d[ T](?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ?$/

/** Longer lines are nobody's of ours, and a regular expression needs memory for them. */
const LONGEST_LINE = 4096

/** The first character is neither white space nor a mark. */
const isVisible = (text: string | undefined): text is string => {
  const code = text?.charCodeAt(0) ?? 0
  return code > 0x20 && code < 0x7f
}

/** Of the years that are taken here microseconds are exact numbers. */
const LAST_YEAR = 2199

/**
 * Reads the lines of a text.
 * @param into where the rows go; it may hold some already.
 * @returns false when a line has another form: what is in `into` is then of no use.
 */
export function readLines(text: string, into: LiveRowsOfLines): boolean {
  for (let from = 0; from < text.length; ) {
    const end = text.indexOf('\n', from)
    const to = end < 0 ? text.length : end
    if (to > from && !readLine(text.slice(from, to), into)) return false
    from = to + 1
  }
  return true
}

/** Without rows. */
export const noLines = (): LiveRowsOfLines => ({
  valid: noReadings(),
  refused: { raw: [], reasons: [], enqueuedAt: [], eventId: [] },
  verdicts: [],
})

function readLine(line: string, { valid, refused, verdicts }: LiveRowsOfLines): boolean {
  const found = line.length <= LONGEST_LINE ? FORM.exec(line) : null
  if (!found) return false
  const [, sentId, deviceId = '', number = '', city = '', warm = '', humid = '', measured = ''] = found
  const createdAt = instant(found[8] as string)
  const enqueuedAt = instant(found[10] as string)
  const timestamp = measuredAt(measured)
  if (createdAt === undefined || enqueuedAt === undefined || timestamp === undefined) return false
  const eventId = sentId === undefined ? derived(deviceId, number) : sentId
  if (!isVisible(eventId)) return false
  const place = trimmed(city)
  if (place === undefined) return false
  // Without the sign of -0.
  const temperature = Number(warm) || 0
  const humidity = Number(humid) || 0
  const reasons = reasonsOf(place, temperature, humidity, timestamp)
  verdicts.push(reasons === undefined)
  if (reasons) {
    refused.raw.push(line)
    refused.reasons.push(reasons)
    refused.enqueuedAt.push(enqueuedAt)
    refused.eventId.push(eventId)
    return true
  }
  valid.eventId.push(eventId)
  valid.deviceId.push(deviceId)
  valid.deviceSequenceNumber.push(Number(number))
  valid.city.push(place)
  valid.temperature.push(temperature)
  valid.humidity.push(humidity)
  valid.timestamp.push(timestamp)
  valid.createdAt.push(createdAt)
  valid.enqueuedAt.push(enqueuedAt)
  valid.partitionId.push(Number(found[9]))
  return true
}

const derived = (deviceId: string, number: string) =>
  isVisible(deviceId) ? idByDevice({ deviceId, deviceSequenceNumber: number }) : undefined

/** Undefined: valid. */
function reasonsOf(
  city: string,
  temperature: number,
  humidity: number,
  timestamp: number,
): string[] | undefined {
  const isWarm = temperature >= TEMPERATURE_RANGE.min && temperature <= TEMPERATURE_RANGE.max
  const isHumid = humidity >= HUMIDITY_RANGE.min && humidity <= HUMIDITY_RANGE.max
  if (city !== '' && isWarm && isHumid && !Number.isNaN(timestamp)) return undefined
  return [
    ...(city === '' ? ['city is missing'] : []),
    ...(isWarm ? [] : ['temperature out of range']),
    ...(isHumid ? [] : ['humidity out of range']),
    ...(Number.isNaN(timestamp) ? ['timestamp does not parse'] : []),
  ]
}

/** @returns undefined for a text with white space around it that is not ASCII's blank. */
function trimmed(city: string): string | undefined {
  if (isVisible(city) && isVisible(city.at(-1))) return city
  const bare = city.replace(/^ +| +$/g, '')
  // Blanks alone, or letters of any kind: whatever else may be white space is left to the list of the rules.
  return bare === '' || (isLetter(bare[0]) && isLetter(bare.at(-1))) ? bare : undefined
}

const isLetter = (text: string | undefined) =>
  text !== undefined && (isVisible(text) || /^\p{L}$/u.test(text))

/** Of a text that was asked for before: neighbouring readings share their times. */
const known = {
  instant: '',
  at: undefined as number | undefined,
  measured: '',
  // What an empty text is.
  measuredAt: Number.NaN as number | undefined,
}

/** Microseconds; undefined for what is left to the rules. */
function instant(text: string): number | undefined {
  if (text === known.instant) return known.at
  known.instant = text
  const time = clockOf(text)
  known.at =
    time === undefined || Number.isNaN(time)
      ? undefined
      : time + (twoDigits(text, 20) * 10 + text.charCodeAt(22) - ZERO) * 1000
  return known.at
}

/** Microseconds; NaN for what is no time; undefined for what is left to the rules. */
function measuredAt(text: string): number | undefined {
  if (text === known.measured) return known.measuredAt
  known.measured = text
  known.measuredAt = MEASURED.test(text) ? clockOf(text) : Number.NaN
  return known.measuredAt
}

const day = { text: '', micros: 0 as number | undefined }

/** Of the first 19 characters, `yyyy-MM-dd HH:mm:ss` of an hour, minute and second that there are. */
function clockOf(text: string): number | undefined {
  if (day.text === '' || !text.startsWith(day.text)) {
    day.text = text.slice(0, 10)
    day.micros = dayOf(day.text)
  }
  if (day.micros === undefined) return undefined
  const seconds = twoDigits(text, 11) * 3600 + twoDigits(text, 14) * 60 + twoDigits(text, 17)
  return day.micros + seconds * 1_000_000
}

const ZERO = 48

/** @param text has digits there. */
const twoDigits = (text: string, at: number) =>
  (text.charCodeAt(at) - ZERO) * 10 + text.charCodeAt(at + 1) - ZERO

/** Midnight; NaN for a day that is in no calendar. */
function dayOf(date: string): number | undefined {
  const year = Number(date.slice(0, 4))
  if (year < EARLIEST_YEAR || year > LAST_YEAR) return undefined
  const time = Date.parse(`${date}T00:00:00Z`)
  const isReal = Number.isFinite(time) && new Date(time).toISOString().startsWith(date)
  return isReal ? time * 1000 : Number.NaN
}
