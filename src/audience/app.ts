/**
 * The room's requests. The code is part of the path; without the right one nothing is served. Everything a
 * phone sends is data: checked by a schema, never markup. A phone can ask only for its own events.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { streamSSE } from 'hono/streaming'
import { grouped } from '../contract/grouped.ts'
import { Bucket, Guesses, LIMITS } from './limits.ts'
import {
  type Board,
  CITY_FORM,
  type FromRoom,
  type Progress,
  type RoomInput,
  type RoomRules,
  RUBBISH,
} from './messages.ts'
import type { Phone, Phones } from './phones.ts'
import { joinRequest, readingsRequest } from './requests.ts'
import { isCode } from './room-code.ts'

/** What the room was opened with, and whom it tells. */
export interface RoomOptions {
  input: RoomInput
  phones: Phones
  /** `host:port` as in a phone's requests. */
  authority: () => string
  send: (message: FromRoom) => void
  /** Monotonic milliseconds. */
  now: () => number
}

const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
} as const

const PAGE = {
  '': ['index.html', 'text/html; charset=utf-8'],
  'app.js': ['app.js', 'text/javascript; charset=utf-8'],
  'style.css': ['style.css', 'text/css; charset=utf-8'],
} as const

/**
 * Most events that wait for a phone's connection; older ones are dropped, and the page never asks for them
 * again.
 */
const MOST_WAITING = 200
const HEARTBEAT_MS = 10_000
/** Streams of one phone: two tabs. */
const MOST_STREAMS = 3

type Listener = (event: string, data: unknown) => void

/** Knows no socket: requests come in through `app`. */
export class Room {
  readonly app = new Hono()
  readonly #options: RoomOptions
  readonly #guesses = new Guesses()
  readonly #all: Bucket
  readonly #listeners = new Map<string, Set<Listener>>()
  readonly #page: ReadonlyMap<string, { body: string; type: string }>
  #board: Omit<Board, 'phones'> = {
    total: 0,
    warmest: undefined,
    mostQuarantined: undefined,
    lost: undefined,
  }
  /** As every phone has it. */
  #toldBoard = ''
  #rules: RoomRules
  #isFull = false
  #isClosed = false

  constructor(options: RoomOptions) {
    this.#options = options
    this.#rules = options.input.rules
    this.#all = new Bucket(LIMITS.readingsPerSecond, LIMITS.readingsPerSecond, options.now())
    this.#page = new Map(
      Object.entries(PAGE).map(([path, [file, type]]) => [
        path,
        { body: readFileSync(join(options.input.pageFolder, file), 'utf8'), type },
      ]),
    )
    this.#routes()
  }

  /** How many phones are connected now. */
  get connected(): number {
    return this.#listeners.size
  }

  /** Each phone hears of its own readings alone. */
  progress(all: readonly Progress[]): void {
    for (const { deviceId, ...one } of all) this.#tell(deviceId, 'step', one)
  }

  /** To every phone, if something on it has changed. */
  showBoard(board: Omit<Board, 'phones'>): void {
    this.#board = board
    const told = JSON.stringify(this.#whole())
    if (told === this.#toldBoard) return
    this.#toldBoard = told
    this.#tellAll('board', this.#whole())
  }

  /** While it is, readings are refused, and a phone sends them again later. */
  setFull(isFull: boolean): void {
    this.#isFull = isFull
  }

  /** Every phone is told. */
  setRules(rules: RoomRules): void {
    const { phones, now } = this.#options
    if (rules.readingsPerSecond !== this.#rules.readingsPerSecond)
      phones.setRate(rules.readingsPerSecond, now())
    this.#rules = rules
    this.#tellAll('rules', this.#told())
  }

  /** The phone is told, and its streams end. */
  remove(deviceId: string): void {
    if (!this.#options.phones.remove(deviceId)) return
    this.#tell(deviceId, 'removed', {})
    this.#phonesChanged()
  }

  /** Each phone is told its new name. */
  clearNames(): void {
    for (const phone of this.#options.phones.clearNames()) this.#tell(phone.deviceId, 'you', describe(phone))
    this.#phonesChanged()
  }

  /** Sends a message to every phone. */
  close(): void {
    this.#isClosed = true
    this.#tellAll('closed', {})
  }

  /** The rules as a phone knows them. */
  #told = () => ({ ...this.#rules, rubbish: this.#rules.isMischiefAllowed ? RUBBISH : [] })

  #tellAll(event: string, data: unknown): void {
    for (const deviceId of this.#listeners.keys()) this.#tell(deviceId, event, data)
  }

  #whole = (): Board => ({ ...this.#board, phones: this.connected })

  #tell(deviceId: string, event: string, data: unknown): void {
    for (const listener of this.#listeners.get(deviceId) ?? []) listener(event, data)
  }

  #routes(): void {
    const { app } = this
    app.use(async (context, next) => {
      const refusal = this.#refusalOf(context)
      if (refusal === undefined) await next()
      else context.res = context.text(refusal.text, refusal.status)
      for (const [name, value] of Object.entries(HEADERS)) context.res.headers.set(name, value)
    })
    app.get('/:code', (context) => context.redirect(`/${context.req.param('code')}/`))
    app.get('/:code/:file{(app\\.js|style\\.css)?}', (context) => {
      const { body, type } = this.#page.get(context.req.param('file')) as { body: string; type: string }
      return context.body(body, 200, { 'content-type': type })
    })
    const bounded = bodyLimit({
      maxSize: LIMITS.bodyBytes,
      onError: (context) => context.json({ error: 'That is too long.' }, 413),
    })
    app.get('/:code/room', (context) =>
      context.json({ ...this.#told(), names: this.#options.phones.freeNames }),
    )
    app.post('/:code/join', bounded, (context) => this.#join(context))
    app.get('/:code/me', (context) => this.#me(context))
    app.post('/:code/readings', bounded, (context) => this.#readings(context))
    app.get('/:code/events', (context) => this.#events(context))
    app.notFound((context) => context.text('There is nothing here.', 404))
    app.onError((_error, context) => context.text('That cannot be read.', 400))
  }

  /** Checks host and origin first (DNS rebinding), then the code. */
  #refusalOf({ req, env }: Context): { text: string; status: 403 | 404 | 429 } | undefined {
    const { authority, now, phones, input } = this.#options
    const scheme = input.tls ? 'https' : 'http'
    if (req.header('host')?.toLowerCase() !== authority())
      return { text: 'This is not the address of the room.', status: 403 }
    const origin = req.header('origin')
    if (origin !== undefined && origin !== `${scheme}://${authority()}`)
      return { text: 'Requests of other pages are not taken.', status: 403 }
    const address = addressOf(env)
    if (this.#guesses.mustWait(address, now()))
      return { text: 'Too many wrong codes. Wait a minute, then scan the code again.', status: 429 }
    const given = new URL(req.url).pathname.split('/')[1] ?? ''
    if (!isCode(given, phones.code)) {
      this.#guesses.wrong(address, now())
      return { text: 'There is nothing here.', status: 404 }
    }
    this.#guesses.right(address)
    return undefined
  }

  #phoneOf(context: Context): Phone | undefined {
    return this.#options.phones.find(context.req.header('x-phone') ?? '')
  }

  async #join(context: Context): Promise<Response> {
    const { phones, now } = this.#options
    if (this.#isClosed) return context.json({ error: CLOSED }, 410)
    const asked = joinRequest.safeParse(await readBody(context))
    if (!asked.success) {
      const isName = asked.error.issues.some(({ path }) => path[0] === 'name')
      return context.json({ error: isName ? NAME_FORM : CITY_FORM }, 400)
    }
    const joined = phones.join({ ...asked.data, hasOwnNames: this.#rules.hasOwnNames }, now())
    if (joined === 'full')
      return context.json({ error: `The room is full: it takes ${LIMITS.phones} phones.` }, 429)
    if (joined === 'name taken')
      return context.json({ error: 'Another phone has this name. Choose another.' }, 409)
    if (joined === 'no animal')
      return context.json({ error: 'Names are those of animals here. Choose one from the list.' }, 400)
    this.#phonesChanged()
    const { secret, phone } = joined
    return context.json({ secret, ...describe(phone), ...this.#told() })
  }

  #me(context: Context): Response {
    const phone = this.#phoneOf(context)
    if (!phone) return context.json({ error: UNKNOWN_PHONE }, 404)
    return context.json({ ...describe(phone), ...this.#told() })
  }

  async #readings(context: Context): Promise<Response> {
    const { phones, now, send } = this.#options
    const phone = this.#phoneOf(context)
    if (!phone) return context.json({ error: UNKNOWN_PHONE }, 404)
    if (this.#isClosed) return context.json({ error: CLOSED }, 410)
    const { isMischiefAllowed, readingsPerSecond, isPaused } = this.#rules
    if (isPaused) return later(context, 'The presenter has paused the room.')
    const asked = readingsRequest.safeParse(await readBody(context))
    if (!asked.success) {
      const isCity = asked.error.issues.every(({ path }) => path.at(-1) === 'city')
      return context.json({ error: isCity ? CITY_FORM : 'These are not readings that the page makes.' }, 400)
    }
    const { readings } = asked.data
    if (!isMischiefAllowed && readings.some(({ rubbish, twice }) => rubbish !== undefined || twice))
      return context.json({ error: 'Mischief is not allowed now.' }, 403)
    if (this.#isFull) return later(context, 'The hub takes no more for now.')
    if (!phone.bucket.take(readings.length, now()))
      return later(context, `More than ${readingsPerSecond} readings a second. Wait a moment.`)
    if (!this.#all.take(readings.length, now())) return later(context, ROOM_RATE)
    send({
      type: 'readings',
      readings: readings.map(({ id, rubbish, twice, ...values }) => ({
        ...values,
        eventId: id,
        deviceId: phone.deviceId,
        deviceSequenceNumber: phones.numberOf(phone, id),
        rubbish,
        copies: twice ? 2 : 1,
      })),
    })
    return context.json({ taken: readings.length }, 202)
  }

  #events(context: Context): Response | Promise<Response> {
    const phone = this.#phoneOf(context)
    if (!phone) return context.json({ error: UNKNOWN_PHONE }, 404)
    const { deviceId } = phone
    const others = this.#listeners.get(deviceId) ?? new Set<Listener>()
    if (others.size >= MOST_STREAMS) return context.json({ error: 'This phone listens already.' }, 429)
    return streamSSE(context, async (stream) => {
      const waiting: { event: string; data: string }[] = []
      let wake = () => {}
      const listen: Listener = (event, data) => {
        waiting.push({ event, data: JSON.stringify(data) })
        if (waiting.length > MOST_WAITING) waiting.shift()
        wake()
      }
      this.#listeners.set(deviceId, others.add(listen))
      this.#phonesChanged()
      stream.onAbort(() => wake())
      listen('you', describe(phone))
      listen('rules', this.#told())
      listen('board', this.#whole())
      try {
        while (!stream.aborted) {
          for (let next = waiting.shift(); next; next = waiting.shift()) await stream.writeSSE(next)
          if (this.#isClosed || this.#phoneOf(context) !== phone) break
          const { promise, resolve } = Promise.withResolvers<void>()
          wake = resolve
          const timer = setTimeout(() => listen('still', {}), HEARTBEAT_MS)
          await promise
          clearTimeout(timer)
        }
      } finally {
        others.delete(listen)
        if (others.size === 0) this.#listeners.delete(deviceId)
        this.#phonesChanged()
      }
    })
  }

  #phonesChanged(): void {
    const { phones, send } = this.#options
    send({ type: 'phones', phones: phones.all, connected: this.connected })
  }
}

/** Refused for now: a phone keeps what it sent, and sends it again. */
const later = (context: Context, error: string): Response =>
  context.json({ error }, 429, { 'retry-after': '1' })

const ROOM_RATE = `The room takes ${grouped(LIMITS.readingsPerSecond)} readings a second from all phones. Wait a moment.`
const CLOSED = 'The room is closed.'
const UNKNOWN_PHONE = 'This phone is not in the room. Load the page again.'
const NAME_FORM = 'A name has letters and digits, at most 20.'

const describe = ({ deviceId, name, city }: Phone) => ({ deviceId, name, city })

const readBody = async (context: Context): Promise<unknown> => JSON.parse(await context.req.text())

const addressOf = (env: unknown): string =>
  (env as { incoming?: { socket?: { remoteAddress?: string } } } | undefined)?.incoming?.socket
    ?.remoteAddress ?? ''
