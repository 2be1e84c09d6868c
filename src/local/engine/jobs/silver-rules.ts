/**
 * The contract's rules for silver, as SQL (docs/data-contract.md). Text in, text validated: what a JSON value *is* decides, not
 * what DuckDB would make of it. `j` is a field's JSON text (a string with its quotes), `s` its content as plain text.
 */
import { EARLIEST_YEAR, HUMIDITY_RANGE, TEMPERATURE_RANGE } from '../../../contract/reading.ts'
import { quoted } from '../duckdb/database.ts'
import { canonicalMacros } from './canonical-line.ts'

/** The contract's white space. */
const WHITE_SPACE =
  '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'

const FIELDS = [
  'city',
  'temperature',
  'humidity',
  'timestamp',
  'eventId',
  'deviceId',
  'deviceSequenceNumber',
  'createdAt',
  'EventEnqueuedUtcTime',
  'PartitionId',
  'SequenceNumber',
] as const
type Field = (typeof FIELDS)[number]

const PATHS = `[${FIELDS.map((field) => `'$.${field}'`).join(', ')}]`

const CLOCK_TIME = '([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]'

/** What may be a trailing comma, NaN or Infinity. */
const SUSPICIOUS = ',[ \\t\\r\\n]*[}\\]]|[nN][aA][nN]|[iI][nN][fF]'

/** Functions of the rules; made once per database. */
export const RULE_MACROS = `
-- Text that begins and ends with visible ASCII, nearly all of it, is spared the slow search in the list.
CREATE OR REPLACE MACRO trimmed(s) AS
  CASE WHEN regexp_full_match(s, '(?s)[!-~](.*[!-~])?') THEN s ELSE trim(s, ${quoted(WHITE_SPACE)}) END;
CREATE OR REPLACE MACRO without_mark(t) AS CASE WHEN starts_with(t, chr(65279)) THEN t[2:] ELSE t END;
CREATE OR REPLACE MACRO is_blank(s) AS CASE WHEN s[1] BETWEEN '!' AND '~' THEN false ELSE trim(s, ${quoted(WHITE_SPACE)}) = '' END;

CREATE OR REPLACE MACRO is_text(j) AS starts_with(j, '"');
CREATE OR REPLACE MACRO is_number(j) AS j[1] = '-' OR j[1] BETWEEN '0' AND '9';
CREATE OR REPLACE MACRO is_absent(j) AS j IS NULL OR j = 'null';

-- DuckDB's parser lets trailing commas, NaN and Infinity pass, RFC 8259 does not. They can only stand outside of strings;
-- the strings are taken out only for the few lines that could have them.
CREATE OR REPLACE MACRO is_object(raw) AS CASE
  WHEN NOT json_valid(raw) THEN false
  WHEN json_type(raw) <> 'OBJECT' THEN false
  WHEN NOT regexp_matches(raw, '${SUSPICIOUS}') THEN true
  ELSE NOT regexp_matches(regexp_replace(raw, '"([^"\\\\]|\\\\.)*"', '""', 'g'), '${SUSPICIOUS}')
END;

-- An INTEGER below 10^9 in absolute value, or null.
CREATE OR REPLACE MACRO whole_value(v) AS CASE WHEN abs(v) < 1e9 AND v = trunc(v) THEN v::INTEGER END;
CREATE OR REPLACE MACRO whole(j, s) AS CASE
  WHEN is_text(j) THEN
    CASE WHEN regexp_full_match(trimmed(s), '-?[0-9]{1,9}(\\.0+)?') THEN whole_value(TRY_CAST(trimmed(s) AS DOUBLE)) END
  WHEN is_number(j) THEN whole_value(TRY_CAST(s AS DOUBLE))
END;

-- A BIGINT of up to 18 digits, not negative, or null.
CREATE OR REPLACE MACRO sequence_value(v) AS CASE WHEN v >= 0 AND v < 9007199254740992 AND v = trunc(v) THEN v::BIGINT END;
CREATE OR REPLACE MACRO sequence(j, s) AS CASE
  WHEN is_text(j) THEN CASE WHEN regexp_full_match(trimmed(s), '[0-9]{1,18}') THEN TRY_CAST(trimmed(s) AS BIGINT) END
  WHEN is_number(j) AND regexp_full_match(s, '[0-9]{1,18}') THEN TRY_CAST(s AS BIGINT)
  WHEN is_number(j) THEN sequence_value(TRY_CAST(s AS DOUBLE))
END;

-- A TIMESTAMP (UTC) of a real calendar day, or null.
CREATE OR REPLACE MACRO calendar_time(s) AS CASE WHEN NOT starts_with(s, '0000') THEN TRY_CAST(s AS TIMESTAMP) END;
CREATE OR REPLACE MACRO measured_at(j, s) AS CASE
  WHEN is_text(j) AND regexp_full_match(s, '[0-9]{4}-[0-9]{2}-[0-9]{2}[ T]${CLOCK_TIME}Z?') THEN calendar_time(s[:19])
END;
CREATE OR REPLACE MACRO iso_time(j, s) AS CASE
  WHEN is_text(j) AND s[:4] >= '${EARLIEST_YEAR}' AND regexp_full_match(s, '[0-9]{4}-[0-9]{2}-[0-9]{2}T${CLOCK_TIME}(\\.[0-9]{1,9})?Z')
  THEN calendar_time(rtrim(s, 'Z')[:26])
END;

-- An MD5 as a UUID of version 3 (RFC 9562).
CREATE OR REPLACE MACRO as_uuid(hex) AS
  hex[1:8] || '-' || hex[9:12] || '-3' || hex[14:16] || '-' ||
  translate(hex[17], '0123456789abcdef', '89ab89ab89ab89ab') || hex[18:20] || '-' || hex[21:32];

-- The line without the only field that differs when the job writes an event a second time.
CREATE OR REPLACE MACRO as_sent(raw) AS regexp_replace(raw, '"EventProcessedUtcTime":"[^"]*"', '', 'g');

CREATE OR REPLACE MACRO number_reason(name, j, v, low, high) AS CASE
  WHEN is_absent(j) THEN name || ' is missing'
  WHEN v IS NULL THEN name || ' is not an integer'
  WHEN v NOT BETWEEN low AND high THEN name || ' out of range'
END;
${canonicalMacros(WHITE_SPACE)}`

/** The verdict is part of an id: a valid row never repeats a quarantined one. Both arguments are SQL. */
export const idOf = (eventId: string, valid: string) =>
  `md5_number(CASE WHEN ${valid} THEN 'v' ELSE 'q' END || ${eventId})`

/** Between the reasons of a row, as SQL. */
const SEPARATOR = 'chr(10)'

/** The reasons as a list, from the column of them. A text in the work table, as DuckDB moves a row to the end when a list in it is set. */
export const REASONS = `string_split(reasons, ${SEPARATOR})`

/** A field's place in the lists that one parse of the line gives. */
const j = (field: Field) => `literals[${FIELDS.indexOf(field) + 1}]`
const s = (field: Field) => `contents[${FIELDS.indexOf(field) + 1}]`
const both = (field: Field) => `${j(field)}, ${s(field)}`

/**
 * Input rows from the text of a bronze file: one column `raw`. Lines end with LF, CRLF or CR; those of white space only are
 * left out, in the list, as a filter behind `unnest` costs more than twice the splitting. Rows come in the order of the lines.
 * @param text SQL expression of the file's text.
 * @param source SQL of the relation that the expression is of, a row for each file.
 */
export const linesOf = (text: string, source = '(SELECT 1)') => `
  SELECT unnest(list_filter(string_split(CASE WHEN contains(t, chr(13))
      THEN replace(replace(t, chr(13) || chr(10), chr(10)), chr(13), chr(10)) ELSE t END, chr(10)),
    lambda line: NOT is_blank(line))) AS raw
  FROM (SELECT ${text} AS t FROM ${source})`

/**
 * Validates rows.
 * @param lines SQL of a relation with the column `raw`.
 * @param carried a further column of it that goes through as it is.
 * @returns SQL of a relation, in the same order, with silver's columns (times as TIMESTAMP in UTC), `reasons` as one text (null for a
 *   valid row; {@link REASONS} makes a list of it), `raw` (null for a valid row), and `id`, a 128-bit hash of eventId and verdict.
 */
export const validated = (lines: string, carried?: string) => {
  const more = carried === undefined ? '' : `, ${carried}`
  return `
  SELECT ${COLUMNS}${more}, reasons, CASE WHEN reasons IS NOT NULL THEN raw END AS raw, ${idOf('eventId', 'reasons IS NULL')} AS id
  FROM (
    SELECT *,
      CASE WHEN canonical THEN NULL WHEN NOT object THEN 'not a JSON object' ELSE nullif(concat_ws(${SEPARATOR},
        CASE WHEN city IS NULL THEN 'city is missing' END,
        number_reason('temperature', ${j('temperature')}, temperature, ${TEMPERATURE_RANGE.min}, ${TEMPERATURE_RANGE.max}),
        number_reason('humidity', ${j('humidity')}, humidity, ${HUMIDITY_RANGE.min}, ${HUMIDITY_RANGE.max}),
        CASE WHEN is_absent(${j('timestamp')}) THEN 'timestamp is missing'
          WHEN "timestamp" IS NULL THEN 'timestamp does not parse'
          WHEN "timestamp" < TIMESTAMP '${EARLIEST_YEAR}-01-01' THEN 'timestamp out of range' END,
        CASE WHEN enqueuedAt IS NULL THEN 'enqueued time is missing' END
      ), '') END AS reasons
    FROM (
      SELECT *,
        CASE WHEN canonical THEN l.eventId
          WHEN is_text(${j('eventId')}) AND NOT is_blank(${s('eventId')}) THEN ${s('eventId')}
          WHEN deviceSequenceNumber IS NOT NULL AND NOT is_blank(deviceId)
          THEN as_uuid(md5(deviceId || ':' || deviceSequenceNumber))
          WHEN partitionId IS NOT NULL AND sequenceNumber IS NOT NULL
          THEN as_uuid(md5(partitionId || ':' || sequenceNumber || ':' || as_sent(raw)))
          ELSE as_uuid(md5(raw)) END AS eventId
      FROM (
        SELECT raw${more}, canonical, l, object, literals, contents,
          CASE WHEN canonical THEN l.city
            WHEN is_text(${j('city')}) THEN nullif(trimmed(${s('city')}), '') END AS city,
          CASE WHEN canonical THEN l.temperature ELSE whole(${both('temperature')}) END AS temperature,
          CASE WHEN canonical THEN l.humidity ELSE whole(${both('humidity')}) END AS humidity,
          CASE WHEN canonical THEN l."timestamp" ELSE measured_at(${both('timestamp')}) END AS "timestamp",
          CASE WHEN canonical THEN l.deviceId WHEN is_text(${j('deviceId')}) THEN ${s('deviceId')} END AS deviceId,
          CASE WHEN canonical THEN l.deviceSequenceNumber
            ELSE sequence(${both('deviceSequenceNumber')}) END AS deviceSequenceNumber,
          CASE WHEN canonical THEN l.createdAt ELSE iso_time(${both('createdAt')}) END AS createdAt,
          CASE WHEN canonical THEN l.EventEnqueuedUtcTime
            ELSE iso_time(${both('EventEnqueuedUtcTime')}) END AS enqueuedAt,
          CASE WHEN canonical THEN l.PartitionId
            WHEN whole(${both('PartitionId')}) >= 0 THEN whole(${both('PartitionId')}) END AS partitionId,
          CASE WHEN NOT canonical THEN sequence(${both('SequenceNumber')}) END AS sequenceNumber
        FROM (
          SELECT raw${more}, canonical, CASE WHEN canonical THEN l END AS l, object,
            CASE WHEN object THEN json_extract(raw, ${PATHS}) END::VARCHAR[] AS literals,
            CASE WHEN object THEN json_extract_string(raw, ${PATHS}) END AS contents
          FROM (
            SELECT raw${more}, l, canonical, CASE WHEN canonical THEN NULL ELSE is_object(raw) END AS object
            FROM (
              SELECT raw${more}, l, coalesce(is_canonical(raw, l), false) AS canonical
              FROM (SELECT raw${more}, taken_apart(raw) AS l FROM (${lines}))
            )
          )
        )
      )
    )
  )`
}

/**
 * The same for lines in the product's own form, at less than half the cost: clean ones, and those whose values alone break a rule. Every
 * other line is a row with its `raw` and without `reasons`, where nothing else counts: it is to be validated by {@link validated}.
 */
export const shortWay = (lines: string) => `
  SELECT eventId, l.deviceId, l.deviceSequenceNumber, city, l.temperature, l.humidity, l."timestamp", l.createdAt,
    l.EventEnqueuedUtcTime AS enqueuedAt, l.PartitionId AS partitionId, reasons,
    CASE WHEN own AND reasons IS NULL THEN NULL ELSE raw END AS raw, ${idOf('eventId', 'reasons IS NULL')} AS id
  FROM (
    SELECT *, CASE WHEN NOT own OR (city IS NOT NULL AND is_within(l)) THEN NULL ELSE concat_ws(${SEPARATOR},
        CASE WHEN city IS NULL THEN 'city is missing' END,
        CASE WHEN l.temperature NOT BETWEEN ${TEMPERATURE_RANGE.min} AND ${TEMPERATURE_RANGE.max} THEN 'temperature out of range' END,
        CASE WHEN l.humidity NOT BETWEEN ${HUMIDITY_RANGE.min} AND ${HUMIDITY_RANGE.max} THEN 'humidity out of range' END) END AS reasons
    FROM (
      SELECT raw, l, own,
        CASE WHEN own AND l.eventId IS NULL THEN as_uuid(md5(l.deviceId || ':' || l.deviceSequenceNumber)) ELSE l.eventId END AS eventId,
        CASE WHEN is_bare(l.city) THEN l.city ELSE nullif(trimmed(l.city), '') END AS city
      FROM (
        SELECT raw, l, coalesce(is_own_form(raw, l), false) AS own
        FROM (SELECT raw, taken_apart(raw) AS l FROM (${lines}))
      )
    )
  )`

/** Of silver, in the order of the contract. */
export const COLUMNS =
  'eventId, deviceId, deviceSequenceNumber, city, temperature, humidity, "timestamp", createdAt, enqueuedAt, partitionId'
