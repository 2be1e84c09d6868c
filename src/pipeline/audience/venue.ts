/** What the pipeline needs of the room for phones, which is a web server that it knows nothing of. */
import type { AudienceRules, MachineAddress } from '../state/state.ts'
import type { AudienceProgress, AudienceReading } from './audience.ts'
import { forgetful, type JournalStorage } from './journal.ts'

/** What the room hears of. */
export interface AudienceBoard {
  total: number
  warmest: string | undefined
  mostQuarantined: string | undefined
  lost: number | undefined
}

/** By which a person removes a phone. */
export interface PhoneName {
  deviceId: string
  name: string
}

/** The room itself. */
export interface AudienceRoom {
  progress(progress: readonly AudienceProgress[]): void
  board(board: AudienceBoard): void
  full(isFull: boolean): void
  rules(rules: AudienceRules): void
  remove(deviceId: string): void
  clearNames(): void
  /** Phones are told. */
  close(): Promise<void>
}

/** What the room tells. */
export interface AudienceVisitors {
  readings(readings: readonly AudienceReading[]): void
  opened(address: { url: string; code: string; qr: readonly string[] }): void
  /** All phones, and how many of them are there now. */
  phones(phones: readonly PhoneName[], connected: number): void
  failed(message: string): void
  /** Something went wrong; the room stays open. */
  trouble(message: string): void
}

/** Where and how the room opens. */
export interface Venue {
  /** The address that a person has named; undefined: one is chosen on the screen. */
  host: string | undefined
  isOpenAtStart: boolean
  /** What is allowed at first. */
  rules: AudienceRules
  /** Of this machine, now. */
  addresses(): readonly MachineAddress[]
  open(host: string, rules: AudienceRules, visitors: AudienceVisitors): AudienceRoom
  journal: JournalStorage
}

/** Of a session without a room. */
export const NO_VENUE: Venue = {
  host: undefined,
  isOpenAtStart: false,
  rules: { isMischiefAllowed: true, readingsPerSecond: 5, isPaused: false, hasOwnNames: false },
  addresses: () => [],
  open: () => {
    throw new Error('There is no room here.')
  },
  journal: forgetful,
}
