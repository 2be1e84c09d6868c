/**
 * The room's phones: each is a weather station with a name, recognized by its secret, also after a restart.
 */
import { createHash, randomBytes, randomInt } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { ANIMALS } from './animals.ts'
import { Bucket, LIMITS } from './limits.ts'
import type { PhoneName } from './messages.ts'
import { newCode } from './room-code.ts'

/** The secret itself is not kept, only its hash. */
export interface Phone {
  deviceId: string
  name: string
  city: string
  /** Number of its next reading. */
  next: number
  bucket: Bucket
  /** Sequence numbers of its newest readings, by the phone's ids. */
  numbers: Map<string, number>
}

interface SavedPhone {
  /** SHA-256 of the phone's secret. */
  key: string
  deviceId: string
  name: string
  city: string
  next: number
}

interface Saved {
  code: string
  port: number
  /** Phones that ever joined: numbers are not given twice. */
  joined?: number
  phones: SavedPhone[]
}

/** Why a phone cannot join, for its owner. */
export type NoPlace = 'full' | 'name taken' | 'no animal'

/** How many ids are remembered per phone. */
const MOST_IDS = 500
/**
 * After a crash a phone's numbers skip this far ahead, past any that may have been used since the last save.
 */
const NUMBERS_AHEAD = 1000

const keyOf = (secret: string) => createHash('sha256').update(secret).digest('hex')

/** A bounded number, in a file that is read when they are made and written by {@link Phones.save}. */
export class Phones {
  /** The same after a restart, as phones have it in their address. */
  readonly code: string
  /** Last time's port; 0 means none. */
  port: number
  readonly #file: string
  readonly #phones = new Map<string, Phone>()
  #perSecond: number
  #joined: number
  readonly #onProblem: (message: string) => void
  /** As in the file. */
  #saved = ''
  /** The last try to write the file has failed. */
  #isUnsaved = false

  /** @param perSecond readings that a phone may send. @param now monotonic ms. @param onProblem the file cannot be written: told once, until it can be again. */
  constructor(file: string, perSecond: number, now: number, onProblem: (message: string) => void = () => {}) {
    this.#file = file
    this.#onProblem = onProblem
    this.#perSecond = perSecond
    const saved = readSaved(file)
    this.code = saved?.code ?? newCode()
    this.port = saved?.port ?? 0
    for (const { key, ...phone } of saved?.phones ?? [])
      this.#phones.set(key, this.#made({ ...phone, next: phone.next + NUMBERS_AHEAD }, now))
    this.#joined = Math.max(this.#phones.size, saved?.joined ?? 0)
  }

  #made(phone: Omit<SavedPhone, 'key'>, now: number): Phone {
    return { ...phone, bucket: this.#bucket(now), numbers: new Map() }
  }

  #bucket(now: number): Bucket {
    return new Bucket(this.#perSecond, LIMITS.burst, now)
  }

  /** With their names of now. */
  get all(): PhoneName[] {
    return [...this.#phones.values()].map(({ deviceId, name }) => ({ deviceId, name }))
  }

  /** Animals whose name no phone has. */
  get freeNames(): string[] {
    const taken = new Set([...this.#phones.values()].map(({ name }) => name))
    return ANIMALS.filter((name) => !taken.has(name))
  }

  /** Undefined: no phone has this secret, or it was removed. */
  find(secret: string): Phone | undefined {
    return this.#phones.get(keyOf(secret))
  }

  /**
   * @param name one that the phone wants; undefined: any animal.
   * @param hasOwnNames whether it may be another than an animal's.
   */
  join(
    { city, name, hasOwnNames = false }: { city: string; name?: string | undefined; hasOwnNames?: boolean },
    now: number,
  ): { secret: string; phone: Phone } | NoPlace {
    if (this.#phones.size >= LIMITS.phones) return 'full'
    if (name !== undefined && !hasOwnNames && !isAnimal(name)) return 'no animal'
    if (name !== undefined && this.#isTaken(name)) return 'name taken'
    const number = ++this.#joined
    const phone = this.#made(
      {
        deviceId: `phone-${String(number).padStart(4, '0')}`,
        name: name ?? this.#animal(number),
        city,
        next: 0,
      },
      now,
    )
    const secret = randomBytes(16).toString('base64url')
    this.#phones.set(keyOf(secret), phone)
    this.save()
    return { secret, phone }
  }

  #isTaken(name: string): boolean {
    const wanted = name.toLowerCase()
    return [...this.#phones.values()].some((phone) => phone.name.toLowerCase() === wanted)
  }

  /** A free one at random; with a number once all are taken. */
  #animal(number: number): string {
    const free = this.freeNames
    return free[randomInt(Math.max(1, free.length))] ?? `${ANIMALS[number % ANIMALS.length]} ${number}`
  }

  /** Each phone begins with a full bucket. @param now monotonic ms. */
  setRate(perSecond: number, now: number): void {
    this.#perSecond = perSecond
    for (const phone of this.#phones.values()) phone.bucket = this.#bucket(now)
  }

  /** @returns whether there was one. */
  remove(deviceId: string): boolean {
    const [key] = [...this.#phones].find(([, phone]) => phone.deviceId === deviceId) ?? []
    if (key === undefined) return false
    this.#phones.delete(key)
    this.save()
    return true
  }

  /** Every phone gets the name of an animal. @returns the phones. */
  clearNames(): readonly Phone[] {
    const phones = [...this.#phones.values()]
    for (const phone of phones) phone.name = ''
    for (const [index, phone] of phones.entries()) phone.name = this.#animal(index)
    this.save()
    return phones
  }

  /** The number of a reading: that of an earlier one with the same id, or the next. */
  numberOf(phone: Phone, id: string): number {
    const known = phone.numbers.get(id)
    if (known !== undefined) return known
    const number = phone.next++
    phone.numbers.set(id, number)
    if (phone.numbers.size > MOST_IDS) phone.numbers.delete(phone.numbers.keys().next().value as string)
    return number
  }

  /**
   * Replaced as a whole; left alone when nothing has changed. A full disk closes no room and keeps no phone out: numbers continue, and
   * skip ahead after a restart.
   */
  save(): void {
    const phones = [...this.#phones].map(([key, { deviceId, name, city, next }]) => ({
      key,
      deviceId,
      name,
      city,
      next,
    }))
    const saved: Saved = { code: this.code, port: this.port, joined: this.#joined, phones }
    const text = JSON.stringify(saved)
    if (text === this.#saved) return
    try {
      // The services on loopback make this folder; with Azure nobody else has.
      mkdirSync(dirname(this.#file), { recursive: true })
      writeFileSync(`${this.#file}.new`, text, { mode: 0o600 })
      renameSync(`${this.#file}.new`, this.#file)
      this.#saved = text
      this.#isUnsaved = false
    } catch (error) {
      if (!this.#isUnsaved)
        this.#onProblem(
          `The phones could not be saved: ${(error as Error).message}. The room goes on; until they are, those that join must join anew after a restart.`,
        )
      this.#isUnsaved = true
    }
  }
}

const isAnimal = (name: string) => (ANIMALS as readonly string[]).includes(name)

function readSaved(file: string): Saved | undefined {
  try {
    const saved = JSON.parse(readFileSync(file, 'utf8')) as Partial<Saved>
    const isWhole =
      typeof saved.code === 'string' && typeof saved.port === 'number' && Array.isArray(saved.phones)
    return isWhole ? (saved as Saved) : undefined
  } catch {
    // Missing or damaged: the room is a new one.
    return undefined
  }
}
