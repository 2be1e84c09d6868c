/**
 * What counts as an event of the pipeline: a body in UTF-8 that is a JSON object, an array of objects, or objects each on a line of
 * its own. Everything else is a deserialization error.
 */
import { arrayElements } from './json-members.ts'

/** Drops a byte-order mark, refuses what is not UTF-8. */
const UTF8 = new TextDecoder('utf-8', { fatal: true })

/** @throws TypeError when the body is not UTF-8. */
export const bodyText = (body: Uint8Array): string => UTF8.decode(body)

export const isJsonObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The event in a body; undefined for a deserialization error. */
export function eventIn(body: Uint8Array): { text: string; event: Record<string, unknown> } | undefined {
  try {
    const text = bodyText(body)
    const event: unknown = JSON.parse(text)
    return isJsonObject(event) ? { text, event } : undefined
  } catch {
    return undefined
  }
}

/** A bound for what one event becomes: a line of bronze is longer than the least record by far. */
const MOST_RECORDS = 20_000

export interface EventRecord {
  /** To the letter. */
  text: string
  event: Record<string, unknown>
  /** One of an array, or of several lines. */
  isInArray: boolean
}

/** The records of an event, each a row; undefined for a deserialization error: an event is taken whole or not at all. */
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

/** @returns undefined when the text is no JSON. */
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

/** Undefined unless every line that is not blank is an object, and there are several. */
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

/** Why a body is no event, in the parser's words. */
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
