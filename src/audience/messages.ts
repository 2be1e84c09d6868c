/** Messages between the room's thread and the pipeline, as plain data. */
import type { AudienceStep } from '../contract/audience-step.ts'

/** A city's name: letters, marks, blanks, hyphens and the like, but no markup or control characters. */
export const CITY = /^[\p{L}\p{M}][\p{L}\p{M}\p{Zs}'’.,-]{0,39}$/u
/** What a person is told of any other. */
export const CITY_FORM = 'A city has letters and no digits, at most 40.'

/** Rubbish that a phone may send, with the generator's names for corruption. */
export const RUBBISH = [
  'temperature out of range',
  'humidity out of range',
  'blank city',
  'bad timestamp',
  'missing eventId',
  'not JSON',
] as const
/** How a phone corrupts a reading on purpose. */
export type Rubbish = (typeof RUBBISH)[number]

/** A reading from a phone; the room adds the station's id and number. */
export interface PhoneReading {
  /** UUID made by the phone; a reading that is sent again keeps it. */
  eventId: string
  deviceId: string
  deviceSequenceNumber: number
  city: string
  temperature: number
  humidity: number
  rubbish: Rubbish | undefined
  /** 2: sent twice on purpose. */
  copies: 1 | 2
}

/** How far one reading has come. */
export interface Progress {
  deviceId: string
  eventId: string
  step: AudienceStep
  /** One line for the phone's owner. */
  text: string
  /** When it was seen, epoch milliseconds. */
  at: number
}

/** What everyone in the room sees. */
export interface Board {
  phones: number
  /** Readings of the audience that the hub has acknowledged. */
  total: number
  warmest: string | undefined
  /** Name of the phone with the most rows in quarantine. */
  mostQuarantined: string | undefined
  /** For the whole pipeline; undefined when not known yet. */
  lost: number | undefined
}

/** What the presenter allows; it may change while the room is open. */
export interface RoomRules {
  isMischiefAllowed: boolean
  /** Readings a second that each phone may send. */
  readingsPerSecond: number
  /** No reading is taken. */
  isPaused: boolean
  /** Phones may type a name of their own; else names are those of animals. */
  hasOwnNames: boolean
}

/** A phone as the presenter sees it. */
export interface PhoneName {
  deviceId: string
  name: string
}

/** What the thread is started with. */
export interface RoomInput {
  /** The address that the presenter has chosen; never "all". */
  host: string
  /** 0 means last time's port, or a free one. */
  port: number
  /** JSON file that keeps code, port and phones across restarts. */
  stateFile: string
  /** Folder of the page's files. */
  pageFolder: string
  /** PEM; undefined means plain HTTP. */
  tls: { key: string; cert: string } | undefined
  rules: RoomRules
}

/** `failed`: the room could not open, or has ended. */
export type FromRoom =
  | { type: 'opened'; url: string; code: string }
  | { type: 'failed'; message: string }
  | { type: 'readings'; readings: PhoneReading[] }
  | { type: 'phones'; phones: PhoneName[]; connected: number }
  | { type: 'log'; message: string }

/** In the order in which they are sent; none is answered. */
export type ToRoom =
  | { type: 'progress'; progress: Progress[] }
  | { type: 'board'; board: Omit<Board, 'phones'> }
  /** The hub accepts nothing more for now. */
  | { type: 'full'; isFull: boolean }
  | { type: 'rules'; rules: RoomRules }
  /** Removes a phone: its secret is forgotten. */
  | { type: 'remove'; deviceId: string }
  /** Gives every phone the name of an animal. */
  | { type: 'clearNames' }
  | { type: 'close' }
