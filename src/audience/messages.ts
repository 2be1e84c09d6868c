/** What crosses between the room's thread and the pipeline. Plain data. */

/** Where an event of a phone has come to. */
export type Step =
  | 'waiting'
  | 'hub'
  | 'bronze'
  | 'rejected'
  | 'silver'
  | 'quarantine'
  | 'duplicate'
  | 'gold'
  | 'aggregate'

/** Rubbish that a phone may send, by the names of the generator's dirt. */
export const RUBBISH = [
  'temperature out of range',
  'humidity out of range',
  'blank city',
  'bad timestamp',
  'missing eventId',
  'not JSON',
] as const
export type Rubbish = (typeof RUBBISH)[number]

/** A reading as a phone made it; its station's id and number are the room's. */
export interface PhoneReading {
  /** UUID of the phone's own: what is sent again has it again. */
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

export interface Progress {
  deviceId: string
  eventId: string
  step: Step
  /** One line for the phone's owner. */
  text: string
  /** When it was seen, epoch milliseconds. */
  at: number
}

/** What everybody in the room sees. */
export interface Board {
  phones: number
  /** Of the audience, acknowledged by the hub. */
  total: number
  warmest: string | undefined
  /** Name of the phone with most rows in quarantine. */
  mostQuarantined: string | undefined
  /** Of the whole pipeline; undefined: not known yet. */
  lost: number | undefined
}

export interface RoomInput {
  /** The address that the presenter has chosen; never "all". */
  host: string
  /** 0: the one of last time, or a free one. */
  port: number
  /** JSON file that keeps code, port and phones over a restart. */
  stateFile: string
  /** Folder of the page's files. */
  pageFolder: string
  /** PEM; undefined: plain HTTP. */
  tls: { key: string; cert: string } | undefined
  isRubbishAllowed: boolean
  readingsPerSecond: number
}

export type FromRoom =
  | { type: 'opened'; url: string; code: string }
  | { type: 'failed'; message: string }
  | { type: 'readings'; readings: PhoneReading[] }
  | { type: 'phones'; names: string[]; connected: number }
  | { type: 'log'; message: string }

export type ToRoom =
  | { type: 'progress'; progress: Progress[] }
  | { type: 'board'; board: Omit<Board, 'phones'> }
  /** The hub takes nothing more for now. */
  | { type: 'full'; isFull: boolean }
  | { type: 'close' }
