/** Properties of a table by which other writers keep more of its past: https://docs.delta.io/latest/table-properties.html */
import type { Metadata } from '../../../delta/actions.ts'

/** How long a table's past stays; undefined where nobody has set it. */
export interface Keeping {
  /** Files that the table no longer has, ms. */
  filesMs: number | undefined
  /** Its log, ms; infinite: none of it goes. */
  logMs: number | undefined
}

/** The engine writes its own retention in milliseconds into the tables that it makes; what is in another form is another writer's. */
const OWN = /^interval \d+ milliseconds$/

const UNITS_MS: Readonly<Record<string, number>> = {
  microsecond: 0.001,
  millisecond: 1,
  second: 1000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  week: 7 * 86_400_000,
}

/** What other writers have set. */
export function keepingOf(metaData: Metadata | undefined): Keeping {
  const properties = metaData?.configuration ?? {}
  const isLogKept = properties['delta.enableExpiredLogCleanup']?.toLowerCase() === 'false'
  return {
    filesMs: foreignMs(properties['delta.deletedFileRetentionDuration']),
    logMs: isLogKept ? Number.POSITIVE_INFINITY : foreignMs(properties['delta.logRetentionDuration']),
  }
}

function foreignMs(text: string | undefined): number | undefined {
  return text === undefined || OWN.test(text) ? undefined : intervalMs(text)
}

/** `interval 2 weeks`, `30 days 12 hours`. @returns undefined for any other text. */
export function intervalMs(text: string): number | undefined {
  const words = text
    .trim()
    .toLowerCase()
    .replace(/^interval\s+/, '')
  if (!/^(?:\d+\s+[a-z]+\s*)+$/.test(words)) return undefined
  let sum = 0
  for (const [, count, unit = ''] of words.matchAll(/(\d+)\s+([a-z]+)/g)) {
    const one = UNITS_MS[unit.replace(/s$/, '')]
    if (one === undefined) return undefined
    sum += Number(count) * one
  }
  return sum
}
