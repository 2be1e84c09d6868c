/**
 * The room's phones: each is a weather station with a name, recognized by its secret, also after a restart.
 */
import { createHash, randomBytes } from 'node:crypto'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { ANIMALS } from './animals.ts'
import { Bucket, LIMITS } from './limits.ts'
import { newCode } from './room-code.ts'

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
  phones: SavedPhone[]
}

/** How many ids are remembered per phone. */
const MOST_IDS = 500
/**
 * After a crash a phone's numbers skip this far ahead, past any that may have been used since the last save.
 */
const NUMBERS_AHEAD = 1000

const keyOf = (secret: string) => createHash('sha256').update(secret).digest('hex')

export class Phones {
  readonly code: string
  /** Last time's port; 0 means none. */
  port: number
  readonly #file: string
  readonly #phones = new Map<string, Phone>()
  readonly #perSecond: number
  /** As in the file. */
  #saved = ''

  constructor(file: string, perSecond: number, now: number) {
    this.#file = file
    this.#perSecond = perSecond
    const saved = readSaved(file)
    this.code = saved?.code ?? newCode()
    this.port = saved?.port ?? 0
    for (const { key, ...phone } of saved?.phones ?? [])
      this.#phones.set(key, this.#made({ ...phone, next: phone.next + NUMBERS_AHEAD }, now))
  }

  #made(phone: Omit<SavedPhone, 'key'>, now: number): Phone {
    return { ...phone, bucket: new Bucket(this.#perSecond, LIMITS.burst, now), numbers: new Map() }
  }

  get names(): string[] {
    return [...this.#phones.values()].map(({ name }) => name)
  }

  find(secret: string): Phone | undefined {
    return this.#phones.get(keyOf(secret))
  }

  /** @returns undefined when the room is full. */
  join(city: string, now: number): { secret: string; phone: Phone } | undefined {
    if (this.#phones.size >= LIMITS.phones) return undefined
    const number = this.#phones.size + 1
    const taken = new Set(this.names)
    const free = ANIMALS.filter((name) => !taken.has(name))
    const animal = free[randomBytes(1).readUInt8(0) % Math.max(1, free.length)]
    const phone = this.#made(
      {
        deviceId: `phone-${String(number).padStart(4, '0')}`,
        name: animal ?? `${ANIMALS[number % ANIMALS.length]} ${number}`,
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

  /** The number of a reading: that of an earlier one with the same id, or the next. */
  numberOf(phone: Phone, id: string): number {
    const known = phone.numbers.get(id)
    if (known !== undefined) return known
    const number = phone.next++
    phone.numbers.set(id, number)
    if (phone.numbers.size > MOST_IDS) phone.numbers.delete(phone.numbers.keys().next().value as string)
    return number
  }

  /** Replaced as a whole; left alone when nothing has changed. */
  save(): void {
    const phones = [...this.#phones].map(([key, { deviceId, name, city, next }]) => ({
      key,
      deviceId,
      name,
      city,
      next,
    }))
    const saved: Saved = { code: this.code, port: this.port, phones }
    const text = JSON.stringify(saved)
    if (text === this.#saved) return
    writeFileSync(`${this.#file}.new`, text, { mode: 0o600 })
    renameSync(`${this.#file}.new`, this.#file)
    this.#saved = text
  }
}

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
