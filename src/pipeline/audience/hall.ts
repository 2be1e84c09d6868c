/** Opens and closes the room for phones, and stands between it and the pipeline. */
import type { PartitionProperties } from '../ports/hub.ts'
import type { LakeSnapshot } from '../ports/lake.ts'
import type { Target } from '../ports/target.ts'
import type { Clock } from '../runtime/clock.ts'
import { seededRandom } from '../runtime/random.ts'
import { type ActionResult, accepted, NOT_CONNECTED, refused } from '../state/actions.ts'
import type { Log } from '../state/log.ts'
import type { AudienceSlice } from '../state/state.ts'
import type { StateStore } from '../state/store.ts'
import { Audience, type AudienceProgress, type AudienceReading } from './audience.ts'

/** What the room hears of. */
export interface AudienceBoard {
  total: number
  warmest: string | undefined
  mostQuarantined: string | undefined
  lost: number | undefined
}

/** The room itself: a web server, which the pipeline knows nothing of. */
export interface AudienceRoom {
  progress(progress: readonly AudienceProgress[]): void
  board(board: AudienceBoard): void
  full(isFull: boolean): void
  /** Phones are told. */
  close(): Promise<void>
}

/** What the room tells. */
export interface AudienceVisitors {
  readings(readings: readonly AudienceReading[]): void
  opened(address: { url: string; code: string; qr: readonly string[] }): void
  /** Names of all phones, and how many of them are there now. */
  phones(names: readonly string[], connected: number): void
  failed(message: string): void
  /** Something went wrong; the room stays open. */
  trouble(message: string): void
}

export type OpenRoom = (visitors: AudienceVisitors) => AudienceRoom

export interface HallOptions {
  store: StateStore
  clock: Clock
  log: Log
  /** Undefined: nobody said on which address. */
  openRoom: OpenRoom | undefined
}

const NO_ADDRESS =
  'Say on which address phones reach this machine, and start again: --audience-host ADDRESS (rtstream-tui --help).'

export class Hall {
  readonly #options: HallOptions
  #target: Target | undefined
  #open: { room: AudienceRoom; audience: Audience; names: ReadonlyMap<string, string> } | undefined
  #closing: Promise<unknown> = Promise.resolve()

  constructor(options: HallOptions) {
    this.#options = options
  }

  connect(target: Target): void {
    this.#target = target
  }

  toggle(): ActionResult {
    if (this.#open) {
      this.#closing = this.#close()
      return accepted('The room for phones is closed.')
    }
    const { openRoom, clock, log } = this.#options
    if (!openRoom) return refused(NO_ADDRESS)
    if (!this.#target) return refused(NOT_CONNECTED)
    const room = openRoom({
      readings: (readings) => this.#open?.audience.submit(readings),
      opened: (address) => this.#show({ ...address }),
      phones: (names, connected) => {
        if (this.#open) this.#open.names = namesByDevice(names)
        this.#show({ phones: names.length, connected, names })
      },
      failed: (message) => {
        log.error('audience', `The room could not be opened: ${message}`)
        this.#closing = this.#close()
      },
      trouble: (message) => log.warn('audience', message),
    })
    const audience = new Audience({
      producer: this.#target.producer,
      clock,
      random: seededRandom(clock.now()),
      onProgress: (progress) => room.progress(progress),
      onFull: (isFull) => room.full(isFull),
      onTrouble: (text) => log.error('audience', text),
    })
    this.#open = { room, audience, names: new Map() }
    this.#show({ phones: 0, connected: 0, names: [], acknowledged: 0 })
    return accepted('Opening the room for phones.')
  }

  sawHub(partitions: readonly PartitionProperties[]): void {
    this.#open?.audience.sawHub(partitions)
  }

  sawLake(snapshot: LakeSnapshot): void {
    const open = this.#open
    if (!open) return
    open.audience.sawLake(snapshot)
    const { ledger, aggregate } = this.#options.store.state
    const warmest = aggregate.cities.toSorted((a, b) => b.temperature - a.temperature)[0]
    const [worst] = [...open.audience.quarantinedBy].toSorted(([, a], [, b]) => b - a)
    open.room.board({
      total: open.audience.acknowledged,
      warmest: warmest && `${warmest.city} ${warmest.temperature.toFixed(1)} °C`,
      mostQuarantined: worst && `${open.names.get(worst[0]) ?? worst[0]} ${worst[1]}`,
      lost: ledger.lost,
    })
    this.#show({ acknowledged: open.audience.acknowledged })
  }

  async close(): Promise<void> {
    await this.#closing
    await this.#close()
  }

  async #close(): Promise<void> {
    const open = this.#open
    this.#open = undefined
    this.#options.store.update({ audience: undefined })
    this.#options.store.flush()
    if (!open) return
    await open.room.close()
    await open.audience.close()
  }

  #show(changes: Partial<AudienceSlice>): void {
    if (!this.#open) return
    const { store } = this.#options
    const before = store.state.audience ?? EMPTY
    store.update({ audience: { ...before, ...changes } })
  }
}

const EMPTY: AudienceSlice = {
  url: undefined,
  code: undefined,
  qr: [],
  phones: 0,
  connected: 0,
  names: [],
  acknowledged: 0,
}

/** Phones are numbered in the order in which they came. */
const namesByDevice = (names: readonly string[]): Map<string, string> =>
  new Map(names.map((name, index) => [`phone-${String(index + 1).padStart(4, '0')}`, name]))
