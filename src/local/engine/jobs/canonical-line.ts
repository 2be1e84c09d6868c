/**
 * The short way for lines that look as our own generator and the local job write them, nearly all of a demo's. A line is
 * taken apart into typed values by one parse, and put together again from them: when that gives the same text, letter by
 * letter, the line holds nothing else (no other key, escape, number form, or white space), and its values need no further
 * look but for their ranges. Every other line takes the long way of the rules, which say the same of such a line.
 */
import { EARLIEST_YEAR, HUMIDITY_RANGE, TEMPERATURE_RANGE } from '../../../contract/reading.ts'
import { quoted } from '../duckdb/database.ts'

/** Fields in the order of the line, their types, and how a value stands in it. */
const FIELDS = [
  ['eventId', 'VARCHAR', 'text'],
  ['deviceId', 'VARCHAR', 'text'],
  ['deviceSequenceNumber', 'BIGINT', 'number'],
  ['city', 'VARCHAR', 'text'],
  ['temperature', 'INTEGER', 'number'],
  ['humidity', 'INTEGER', 'number'],
  ['timestamp', 'TIMESTAMP', '%Y-%m-%d %H:%M:%S'],
  ['createdAt', 'TIMESTAMP', '%Y-%m-%dT%H:%M:%S.%gZ'],
  ['EventProcessedUtcTime', 'VARCHAR', 'text'],
  ['PartitionId', 'INTEGER', 'number'],
  ['EventEnqueuedUtcTime', 'TIMESTAMP', '%Y-%m-%dT%H:%M:%S.%gZ'],
  ['SequenceNumber', 'BIGINT', 'number'],
] as const

const SHAPE = JSON.stringify(Object.fromEntries(FIELDS.map(([name, type]) => [name, type])))

const [EVENT_ID] = FIELDS[0]

/** The line of a struct `l` of the shape, without an id that it has not; null values leave gaps that no line has. */
const REBUILT = FIELDS.flatMap(([name, , form], index) => {
  const value = `l."${name}"`
  const key = `${index === 0 ? '{' : ','}"${name}":`
  if (name === EVENT_ID) {
    const either = (without: string, given: string) =>
      `CASE WHEN ${value} IS NULL THEN ${quoted(without)} ELSE ${quoted(given)} END`
    return [either('{', `${key}"`), value, either('', '",')]
  }
  if (index === 1) return [quoted(`"${name}":"`), value, `'"'`]
  if (form === 'number') return [quoted(key), `${value}::VARCHAR`]
  return [quoted(`${key}"`), form === 'text' ? value : `strftime(${value}, '${form}')`, `'"'`]
})
  .concat(`'}'`)
  // Neighbouring literals are one.
  .reduce<string[]>((parts, part) => {
    const last = parts.at(-1)
    if (last?.startsWith("'") && part.startsWith("'"))
      parts[parts.length - 1] = last.slice(0, -1) + part.slice(1)
    else parts.push(part)
    return parts
  }, [])
  .join(', ')

const isCalendar = (time: string) =>
  `${time} >= TIMESTAMP '${EARLIEST_YEAR}-01-01' AND ${time} < TIMESTAMP '10000-01-01'`

/** @param whiteSpace characters that are trimmed. */
export const canonicalMacros = (whiteSpace: string) => `
-- A struct of the typed values, or null where the line may not be JSON at all.
CREATE OR REPLACE MACRO taken_apart(raw) AS CASE WHEN json_valid(raw) THEN json_transform(raw, ${quoted(SHAPE)}) END;

-- Whether the line is exactly what its values make, so that the rules need no look at anything else in it. It may lack its id, which
-- the station and its number tell then. concat() takes a null for an empty text, which leaves a gap that no line has.
CREATE OR REPLACE MACRO is_own_form(raw, l) AS
  raw = concat(${REBUILT})
  AND coalesce(l.eventId, l.deviceId)[1] BETWEEN '!' AND '~'
  AND l.temperature BETWEEN -999999999 AND 999999999
  AND l.humidity BETWEEN -999999999 AND 999999999
  AND l.deviceSequenceNumber BETWEEN 0 AND 999999999999999999
  AND l.SequenceNumber BETWEEN 0 AND 999999999999999999
  AND l.PartitionId BETWEEN 0 AND 999999999
  AND ${isCalendar('l."timestamp"')} AND ${isCalendar('l.createdAt')} AND ${isCalendar('l.EventEnqueuedUtcTime')};

-- Whether a line of that form says what is valid as it stands.
CREATE OR REPLACE MACRO is_bare(city) AS NOT contains(${quoted(whiteSpace)}, city[1]) AND NOT contains(${quoted(whiteSpace)}, city[-1]);
CREATE OR REPLACE MACRO is_within(l) AS l.temperature BETWEEN ${TEMPERATURE_RANGE.min} AND ${TEMPERATURE_RANGE.max}
  AND l.humidity BETWEEN ${HUMIDITY_RANGE.min} AND ${HUMIDITY_RANGE.max};
CREATE OR REPLACE MACRO is_canonical(raw, l) AS l.eventId IS NOT NULL AND is_own_form(raw, l) AND is_bare(l.city) AND is_within(l);
`
