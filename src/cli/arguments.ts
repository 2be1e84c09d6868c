/** Parses the values of options; commander prints the message of an InvalidArgumentError. */
import { InvalidArgumentError } from 'commander'
import { type PlannedFault, plannedFault } from '../commands/shared/fault-plan.ts'
import { parseDuration } from '../config/units.ts'

/** Node's timers count to 24.8 days at most. */
const LONGEST_RUN = '24d'

/** Milliseconds, more than 0. */
export const duration = (text: string): number => {
  const ms = parseDuration(text)
  if (ms === undefined || ms <= 0 || ms > (parseDuration(LONGEST_RUN) as number))
    throw new InvalidArgumentError(`expected a duration up to ${LONGEST_RUN}, such as 30s, 5m or 1h.`)
  return ms
}

/** May be given several times; all are kept. */
export const fault = (text: string, before: readonly PlannedFault[] = []): readonly PlannedFault[] => {
  try {
    return [...before, plannedFault(text)]
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message)
  }
}

/** Any text: whether it can be read or written, the command finds out. */
export const file = (text: string): string => {
  if (text.trim() === '') throw new InvalidArgumentError('expected a file.')
  return text
}

/** How many times as fast. */
export const factor = (text: string): number => {
  const value = Number(text)
  if (!(value >= 0.1 && value <= 64)) throw new InvalidArgumentError('expected a number from 0.1 to 64.')
  return value
}

/** Columns or rows of a cast. */
export const cells = (text: string): number => {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 20 || value > 500)
    throw new InvalidArgumentError('expected a whole number from 20 to 500.')
  return value
}

/** `05:00`, `1:05:00`, or a duration as elsewhere. @returns milliseconds. */
export const position = (text: string): number => {
  const [, hours = '0', minutes, seconds] = /^(?:(\d+):)?(\d{1,3}):(\d{2})$/.exec(text) ?? []
  const ms =
    minutes === undefined
      ? parseDuration(text)
      : (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000
  if (ms === undefined) throw new InvalidArgumentError('expected a time such as 05:00 or 90s.')
  return ms
}

/** From 1 to a million. */
export const count = (text: string): number => {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1 || value > 1_000_000)
    throw new InvalidArgumentError('expected a whole number from 1 to 1000000.')
  return value
}

/** Any text: whether it can be made, the command finds out. */
export const folder = (text: string): string => {
  if (text.trim() === '') throw new InvalidArgumentError('expected a folder.')
  return text
}
