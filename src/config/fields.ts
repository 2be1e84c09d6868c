/** The kinds of value a setting can have. A kind's error text is the expectation itself: what would have been accepted. */
import * as z from 'zod'
import {
  DURATION_PATTERN,
  formatDuration,
  formatSize,
  parseDuration,
  parseSize,
  SIZE_PATTERN,
} from './units.ts'

/** What a setting's schema says about itself beside the type. */
export interface FieldMeta {
  description: string
  /** How text from flags and the environment becomes a JSON value. */
  text: 'string' | 'number' | 'share' | 'boolean'
  /** Placeholder in the help: `--stations <count>`; none for a switch. */
  placeholder?: string
  /** What would have been accepted, for a person. */
  expected: string
  /** Never printed, only whether it is set. */
  secret?: boolean
  /** Name that azd's `.env` and the environment know this setting by: an output of infra/main.bicep. */
  azd?: string
  /** How an effective value is written for people, when not simply as text. */
  unit?: 'duration' | 'size'
}

type Extra = Pick<FieldMeta, 'secret' | 'azd' | 'placeholder'>

function meta<T extends z.ZodType>(schema: T, fields: FieldMeta): T {
  return schema.meta({ ...fields })
}

const expects = (expected: string) => ({ error: () => expected })

/** A whole number; both bounds are allowed values. */
export function integer(description: string, min: number, max: number, extra: Extra = {}) {
  const expected = `a whole number from ${min} to ${max}`
  const schema = z
    .number(expects(expected))
    .int(expects(expected))
    .min(min, expects(expected))
    .max(max, expects(expected))
  return meta(schema, { description, text: 'number', placeholder: 'count', expected, ...extra })
}

/** A number from 0 to 1; as text also in percent. */
export function share(description: string) {
  const expected = 'a number from 0 to 1, such as 0.05 for 5 %'
  const schema = z.number(expects(expected)).min(0, expects(expected)).max(1, expects(expected))
  return meta(schema, { description, text: 'share', placeholder: 'share', expected })
}

/** A switch without a value on the command line; `true` or `false` elsewhere. */
export function toggle(description: string) {
  const expected = 'true or false'
  return meta(z.boolean(expects(expected)), { description, text: 'boolean', expected })
}

/** One of a few words, exactly as written here. */
export function choice<const T extends readonly [string, ...string[]]>(
  description: string,
  values: T,
  extra: Extra = {},
) {
  const expected = `one of: ${values.join(', ')}`
  return meta(z.enum(values, expects(expected)), {
    description,
    text: 'string',
    placeholder: 'name',
    expected,
    ...extra,
  })
}

const DURATIONS = ['30s', '2m', '1h', '1d']

/** Three at most, within the bounds: one that is refused is no example. */
function examples(min: number, max: number): string {
  const all = DURATIONS.filter((text) => {
    const ms = parseDuration(text)
    return ms !== undefined && ms >= min && ms <= max
  })
  return all
    .slice(0, 3)
    .join(', ')
    .replace(/, ([^,]*)$/, ' or $1')
}

/** Text with a unit; milliseconds once parsed. Bounds in milliseconds, both inclusive. */
export function duration(description: string, min: number, max: number) {
  const expected = `a duration from ${formatDuration(min)} to ${formatDuration(max)}, such as ${examples(min, max)}`
  return meta(measured(DURATION_PATTERN, parseDuration, min, max, expected), {
    description,
    text: 'string',
    placeholder: 'duration',
    expected,
    unit: 'duration',
  })
}

/** Text with a unit; bytes once parsed. Bounds in bytes, both inclusive. */
export function size(description: string, min: number, max: number) {
  const expected = `a size from ${formatSize(min)} to ${formatSize(max)}, such as 256MB or 2GB`
  return meta(measured(SIZE_PATTERN, parseSize, min, max, expected), {
    description,
    text: 'string',
    placeholder: 'size',
    expected,
    unit: 'size',
  })
}

function measured(
  pattern: RegExp,
  parse: (text: string) => number | undefined,
  min: number,
  max: number,
  expected: string,
) {
  return z
    .string(expects(expected))
    .regex(pattern, expects(expected))
    .transform((text, context) => {
      const value = parse(text)
      if (value !== undefined && value >= min && value <= max) return value
      context.addIssue({ code: 'custom', message: expected })
      return z.NEVER
    })
}

/** Text that must match; without a pattern any text that is not blank. */
export function text(description: string, expected: string, pattern: RegExp = /\S/, extra: Extra = {}) {
  const schema = z.string(expects(expected)).regex(pattern, expects(expected))
  return meta(schema, { description, text: 'string', placeholder: 'text', expected, ...extra })
}

/** Names separated by commas; a list of them once parsed, the same one only once. */
export function names(description: string, expected: string, pattern: RegExp) {
  const split = (value: string) =>
    value
      .split(',')
      .map((name) => name.trim())
      .filter(Boolean)
  const schema = z
    .string(expects(expected))
    .refine((value) => split(value).every((name) => pattern.test(name)), expects(expected))
    .transform((value) => [...new Set(split(value))])
  return meta(schema, { description, text: 'string', placeholder: 'names', expected })
}

/** An https URL, kept without a trailing slash. Plain http is accepted for loopback alone. */
export function url(description: string, extra: Extra = {}) {
  const expected = 'an https:// URL'
  const schema = z
    .string(expects(expected))
    .regex(/^(https:\/\/[^\s/]+|http:\/\/(localhost|127\.0\.0\.1)(:\d+)?)(\/\S*)?$/, expects(expected))
    .transform((value) => value.replace(/\/+$/, ''))
  return meta(schema, { description, text: 'string', placeholder: 'url', expected, ...extra })
}
