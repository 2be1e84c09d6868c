/** Opens and closes the room for phones, and stands between it and the pipeline. */
import { enqueuedIn, type PartitionProperties } from '../ports/hub.ts'
import type { LakeSnapshot } from '../ports/lake.ts'
import type { Target } from '../ports/target.ts'
import { type Clock, type Moment, momentOf, restated } from '../runtime/clock.ts'
import { errorText } from '../runtime/error-text.ts'
import { seededRandom } from '../runtime/random.ts'
import { RateMeter } from '../runtime/rates.ts'
import { type ActionResult, accepted, PHONE_RATES, refused } from '../state/actions.ts'
import { EMPTY_AUDIENCE } from '../state/initial-state.ts'
import type { Log } from '../state/log.ts'
import type { AudienceRules, AudienceSlice } from '../state/state.ts'
import type { StateStore } from '../state/store.ts'
import { Audience, type AudienceReading } from './audience.ts'
import { AudienceJournal } from './journal.ts'
import type { AudienceRoom, AudienceVisitors, PhoneName, Venue } from './venue.ts'

/** The venue makes the room; the hall decides when. */
export interface HallOptions {
  store: StateStore
  clock: Clock
  log: Log
  venue: Venue
}

/** Names of phones that have just sent, and for how long they count as such (ms). */
const MOST_SENDERS = 12
const SENDER_MS = 4000

const NOT_OPEN = 'No room is open: A opens one.'

/** At most one room is open. Every method that a person calls says at once whether it was taken. */
export class Hall {
  readonly #options: HallOptions
  readonly #journal: AudienceJournal
  readonly #rate = new RateMeter()
  #target: Target | undefined
  #audience: Audience | undefined
  #room: AudienceRoom | undefined
  #phones: readonly PhoneName[] = []
  #senders: readonly { name: string; sent: Moment }[] = []
  /** Chosen before there was a target. */
  #wanted: string | undefined
  #rules: AudienceRules
  #hasSeenHub = false
  #closing: Promise<unknown> = Promise.resolve()

  constructor(options: HallOptions) {
    this.#options = options
    this.#rules = options.venue.rules
    const { log, venue } = options
    this.#journal = new AudienceJournal(venue.journal, (error) =>
      log.warn('audience', `What the hub acknowledged could not be kept: ${(error as Error).message}`),
    )
    if (!venue.isOpenAtStart) return
    this.#begin()
    // On the first frame.
    options.store.flush()
  }

  /** A room that was wanted before there was a target opens now. */
  connect(target: Target): void {
    this.#target = target
    if (this.#wanted !== undefined) this.#open(this.#wanted, target)
    this.#wanted = undefined
  }

  /** The room closes in the background; whoever closes the hall waits for that. */
  toggle(): ActionResult {
    const { audience } = this.#options.store.state
    if (!audience) return this.#begin()
    this.#closing = this.#close()
    return accepted(
      audience.phase === 'choosing' ? 'The room stays closed.' : 'The room for phones is closed.',
    )
  }

  /** On which of this machine's addresses the room opens. */
  choose(address: string): ActionResult {
    const { audience } = this.#options.store.state
    if (audience?.phase !== 'choosing') return refused('The room asks for no address now.')
    if (!audience.addresses.some((one) => one.address === address))
      return refused(`${address} is not one of the addresses on the screen.`)
    return this.#openOn(address)
  }

  /** Rules that are not named stay. */
  change(changes: Partial<AudienceRules>): ActionResult {
    if (!this.#room) return refused(NOT_OPEN)
    const { readingsPerSecond: rate = PHONE_RATES.least } = changes
    if (!Number.isInteger(rate) || rate < PHONE_RATES.least || rate > PHONE_RATES.most)
      return refused(`A phone may send from ${PHONE_RATES.least} to ${PHONE_RATES.most} readings a second.`)
    this.#rules = { ...this.#rules, ...changes }
    this.#room.rules(this.#rules)
    this.#show({ rules: this.#rules })
    return accepted(saysOf(changes))
  }

  /** By the name that the screen shows, without regard to case. */
  remove(name: string): ActionResult {
    if (!this.#room) return refused(NOT_OPEN)
    const wanted = name.trim().toLowerCase()
    const found = this.#phones.find((phone) => phone.name.toLowerCase() === wanted)
    if (!found) return refused(`No phone is named ${name.trim()}.`)
    this.#room.remove(found.deviceId)
    return accepted(`${found.name} has left the room.`)
  }

  /** For names that should not be on a screen. */
  clearNames(): ActionResult {
    if (!this.#room) return refused(NOT_OPEN)
    this.#room.clearNames()
    return accepted('Every phone has the name of an animal now.')
  }

  /** Acknowledged by the hub: in this session, and over the data folder's life. */
  get acknowledged(): { session: number; inAll: number } {
    return { session: this.#audience?.acknowledged ?? 0, inAll: this.#journal.acknowledged }
  }

  /** Readings that the hub has not acknowledged. */
  get buffered(): number {
    return this.#audience?.buffered ?? 0
  }

  /** Copies that phones asked for, in this session. */
  get plannedDuplicates(): number {
    return this.#audience?.plannedDuplicates ?? 0
  }

  /** A hub that is empty at the first look is a new one: the journal of another says nothing of it. */
  sawHub(partitions: readonly PartitionProperties[]): void {
    if (!this.#hasSeenHub && enqueuedIn(partitions) === 0) this.#journal.restart()
    this.#hasSeenHub = true
    this.#audience?.sawHub(partitions)
  }

  /** Tells the phones how far their readings are, and all of them what the board shows. */
  sawLake(snapshot: LakeSnapshot): void {
    this.#audience?.sawLake(snapshot)
    const { store, clock } = this.#options
    const { ledger, aggregate, audience } = store.state
    const room = this.#room
    if (!room || !audience) return
    const warmest = aggregate.cities.toSorted((a, b) => b.temperature - a.temperature)[0]
    const [worst] = [...(this.#audience?.quarantinedBy ?? [])].toSorted(([, a], [, b]) => b - a)
    room.board({
      total: this.#journal.acknowledged,
      warmest: warmest && `${warmest.city} ${warmest.temperature.toFixed(1)} °C`,
      mostQuarantined: worst && `${this.#nameOf(worst[0])} ${worst[1]}`,
      lost: ledger.lost,
    })
    this.#rate.observe(this.#journal.acknowledged, clock.monotonic())
    this.#show({
      acknowledged: this.#journal.acknowledged,
      rate: this.#rate.rate,
      senders: this.#sendersNow(),
    })
  }

  /** Resolves once the room is closed and what was taken has reached the hub, or cannot. */
  async close(): Promise<void> {
    await this.#closing
    await this.#close()
    await this.#audience?.close()
  }

  #begin(): ActionResult {
    const { venue } = this.#options
    if (venue.host !== undefined) return this.#openOn(venue.host)
    this.#show({ phase: 'choosing', addresses: venue.addresses() })
    return accepted('Choose the address on which phones reach this machine.')
  }

  #openOn(host: string): ActionResult {
    this.#show({ phase: 'opening', addresses: [] })
    if (this.#target) this.#open(host, this.#target)
    else this.#wanted = host
    return accepted('Opening the room for phones.')
  }

  #open(host: string, { producer, hub }: Target): void {
    const { venue, clock, log } = this.#options
    const failed = (message: string) => {
      log.error('audience', `The room could not be opened: ${message}`)
      this.#closing = this.#close()
    }
    const visitors: AudienceVisitors = {
      readings: (readings) => this.#take(readings),
      opened: (address) => {
        if (this.#room === room) this.#show({ ...address, phase: 'open' })
      },
      phones: (phones, connected) => {
        if (this.#room !== room) return
        this.#phones = phones
        this.#show({ phones: phones.length, connected, names: phones.map(({ name }) => name) })
      },
      failed: (message) => {
        if (this.#room === room) failed(message)
      },
      trouble: (message) => log.warn('audience', message),
    }
    let room: AudienceRoom
    try {
      room = venue.open(host, this.#rules, visitors)
    } catch (error) {
      failed(errorText(error))
      return
    }
    this.#room = room
    this.#audience ??= new Audience({
      journal: this.#journal,
      producer,
      hub,
      clock,
      random: seededRandom(clock.now()),
      onProgress: (progress) => this.#room?.progress(progress),
      onFull: (isFull) => this.#room?.full(isFull),
      onTrouble: (text) => log.error('audience', text),
    })
  }

  #take(readings: readonly AudienceReading[]): void {
    this.#audience?.submit(readings)
    const sent = momentOf(this.#options.clock)
    const now = [...new Set(readings.map(({ deviceId }) => this.#nameOf(deviceId)))].map((name) => ({
      name,
      sent,
    }))
    const before = this.#senders.filter((one) => now.every(({ name }) => name !== one.name))
    this.#senders = [...now, ...before].slice(0, MOST_SENDERS)
    this.#show({ senders: this.#sendersNow() })
  }

  #sendersNow(): AudienceSlice['senders'] {
    const now = momentOf(this.#options.clock)
    this.#senders = this.#senders.filter(({ sent }) => now.monotonic - sent.monotonic < SENDER_MS)
    return this.#senders.map(({ name, sent }) => ({ name, at: restated(sent, now) }))
  }

  #nameOf(deviceId: string): string {
    return this.#phones.find((phone) => phone.deviceId === deviceId)?.name ?? deviceId
  }

  async #close(): Promise<void> {
    const room = this.#room
    this.#room = undefined
    this.#wanted = undefined
    this.#phones = []
    this.#senders = []
    this.#options.store.update({ audience: undefined })
    this.#options.store.flush()
    await room?.close()
  }

  #show(changes: Partial<AudienceSlice>): void {
    const { store } = this.#options
    const before = store.state.audience ?? { ...EMPTY_AUDIENCE, rules: this.#rules }
    store.update({ audience: { ...before, ...changes } })
  }
}

function saysOf({
  isMischiefAllowed,
  readingsPerSecond,
  isPaused,
  hasOwnNames,
}: Partial<AudienceRules>): string {
  if (isPaused !== undefined) return isPaused ? 'The room is paused.' : 'The room goes on.'
  if (isMischiefAllowed !== undefined)
    return isMischiefAllowed
      ? 'Phones may send rubbish and duplicates.'
      : 'Phones may send good readings only.'
  if (hasOwnNames !== undefined)
    return hasOwnNames ? 'Phones may type names of their own.' : 'New phones have names of animals.'
  return `Each phone may send ${readingsPerSecond} reading${readingsPerSecond === 1 ? '' : 's'} a second.`
}
