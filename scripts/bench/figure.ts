import type { Subject } from './subject.ts'

export interface Figure {
  what: string
  value: number
  unit: string
  /** Larger is better: rates. */
  isRate?: boolean
  /** The bound that it should keep, for the table of absolute numbers. */
  wanted?: string
}

/** @param seconds a span as it is meant in full; shorter with `--quick`. */
export type Part = (subject: Subject, seconds: (full: number) => number) => Promise<Figure[]>
