/**
 * What counts as an event of the pipeline: a UTF-8 body that is a JSON object, an array of objects, or one
 * object per line. Everything else is a deserialization error.
 */
import { arrayElements } from './json-members.ts'

/** Drops a byte-order mark, and rejects anything but UTF-8. */
const UTF8 = new TextDecoder('utf-8', { fatal: true })

/** @throws TypeError when the body is not UTF-8. */
export const bodyText = (body: Uint8Array): string => UTF8.decode(body)

const isJsonObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The event in a body; undefined on a deserialization error. */
export function eventIn(body: Uint8Array): { text: string; event: Record<string, unknown> } | undefined {
  try {
    const text = bodyText(body)
    const event: unknown = JSON.parse(text)
    return isJsonObject(event) ? { text, event } : undefined
  } catch {
    return undefined
  }
}

/** Limits the rows of one event: a bronze line is far longer than the smallest record. */
const MOST_RECORDS = 20_000

/** One JSON object of an event's body, which becomes one line of bronze. */
export interface EventRecord {
  /** The exact text. */
  text: string
  /** The same, parsed. */
  event: Record<string, unknown>
  /** Whether it is one of an array, or of several lines. */
  isInArray: boolean
}

/**
 * The records of an event, each a row; undefined on a deserialization error: all of an event counts, or
 * nothing.
 */
export function recordsIn(body: Uint8Array): EventRecord[] | undefined {
  let text: string
  try {
    text = bodyText(body)
  } catch {
    return undefined
  }
  const value = parsed(text)
  if (isJsonObject(value)) return [{ text, event: value, isInArray: false }]
  return value === undefined ? recordsPerLine(text) : recordsOfArray(text, value)
}

/** @returns undefined when the text is not JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function recordsOfArray(text: string, value: unknown): EventRecord[] | undefined {
  if (!Array.isArray(value) || value.length === 0 || value.length > MOST_RECORDS) return undefined
  if (!value.every(isJsonObject)) return undefined
  return arrayElements(text).map((element, index) => ({
    text: element,
    event: value[index] as Record<string, unknown>,
    isInArray: true,
  }))
}

/** Undefined unless there are several non-blank lines and each is an object. */
function recordsPerLine(text: string): EventRecord[] | undefined {
  const records: EventRecord[] = []
  for (const line of text.split(/\r\n|\n|\r/)) {
    if (line.trim() === '') continue
    const value = parsed(line)
    if (!isJsonObject(value) || records.length === MOST_RECORDS) return undefined
    records.push({ text: line, event: value, isInArray: true })
  }
  return records.length > 1 ? records : undefined
}

/** Why a body is not an event, in the parser's words. */
export function rejectionReason(body: Uint8Array): string {
  let text: string
  try {
    text = bodyText(body)
  } catch {
    return 'the body is not UTF-8'
  }
  if (text.trim() === '') return 'the body is empty'
  try {
    return `the body is JSON, but ${kindOf(JSON.parse(text))}, not an object or an array of objects`
  } catch (error) {
    return `the body is not JSON: ${(error as Error).message.slice(0, 120)}`
  }
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (!Array.isArray(value)) return `a ${typeof value}`
  if (value.length > MOST_RECORDS) return `an array of more than ${MOST_RECORDS} elements`
  return value.length === 0 ? 'an empty array' : 'an array with other elements'
}
