/**
 * A phone's link to the room: joins, sends, listens, and keeps what it sent until the hub has it. What was sent into a lost
 * connection is sent again with the same ids, and counts once. Knows neither the page nor the browser.
 */
import { type AudienceStep, LAST_STEPS } from '../../contract/audience-step.ts'
import type { Rubbish } from '../messages.ts'

/** A reading as the phone sends it; the room gives it a number. */
export interface Made {
  id: string
  city: string
  temperature: number
  humidity: number
  rubbish?: Rubbish
  /** A duplicate on purpose. */
  twice?: boolean
}

/** What the link needs of a response. */
export interface Answer {
  ok: boolean
  status: number
  headers: { get(name: string): string | null }
  json(): Promise<unknown>
  body: ReadableStream<Uint8Array<ArrayBuffer>> | null
}

/** As `fetch` takes it. */
export interface Asked {
  method: 'GET' | 'POST'
  headers: Record<string, string>
  body?: string
}

/** The browser, as far as the link needs it; another one in tests. */
export interface LinkOptions {
  /** @param path below the room's address. Rejects when the room does not answer. */
  ask(path: string, asked: Asked): Promise<Answer>
  /** Survives a reload; undefined: nothing was kept. */
  load(): string | null
  save(text: string): void
  wait(ms: number): Promise<void>
  /** What the room tells: its name, and its data. */
  onEvent(event: string, data: unknown): void
  /** A reading was refused for good. */
  onRefused(id: string, why: string): void
  /** One line for the phone's owner; empty: all is well. */
  onNotice(text: string): void
}

/** Readings that are kept; more are not taken from the person. */
export const MOST_KEPT = 60
const PER_REQUEST = 10
/** The room says every ten seconds that it is there. Whoever hears nothing for so long has lost it: a phone that changed its network is not told so. */
const SILENCE_MS = 30_000
const RETRY_MS = { first: 500, last: 8000 }
const NO_ANSWER = 'The room does not answer. What you sent is kept and sent again.'

interface Kept {
  reading: Made
  /** Given to the room over this connection. */
  isSent: boolean
  /** The hub has it; it is kept until its last step, for a room that was started again must be asked how far it is. */
  isInHub: boolean
}

/** The room has answered, and said why not. */
class Refused extends Error {}

/** Of one phone: what it sent is kept until the hub has it, also over a reload and a room that was started again. */
export class Link {
  /** Empty before it has joined. */
  secret = ''
  isClosed = false
  readonly #options: LinkOptions
  readonly #kept = new Map<string, Kept>()
  #isSending = false

  constructor(options: LinkOptions) {
    this.#options = options
    try {
      const saved = JSON.parse(options.load() ?? '{}') as { secret?: string; kept?: Made[] }
      this.secret = saved.secret ?? ''
      for (const reading of saved.kept ?? [])
        this.#kept.set(reading.id, { reading, isSent: false, isInHub: false })
    } catch {
      // Damaged: a new phone.
    }
  }

  /** Not yet in the hub, oldest first. */
  get kept(): Made[] {
    return [...this.#kept.values()].filter(({ isInHub }) => !isInHub).map(({ reading }) => reading)
  }

  /** With the phone's secret. Rejects when the room does not answer. */
  get(path: string): Promise<Answer> {
    return this.#options.ask(path, { method: 'GET', headers: { 'x-phone': this.secret } })
  }

  /** As JSON, with the phone's secret. Rejects when the room does not answer. */
  post(path: string, body: unknown): Promise<Answer> {
    return this.#options.ask(path, {
      method: 'POST',
      headers: { 'x-phone': this.secret, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  }

  /** @returns the station; or what to tell the person. */
  async join<T>(wanted: { city: string; name?: string | undefined }): Promise<T | string> {
    try {
      const answer = await this.post('join', wanted)
      const station = (await answer.json()) as T & { secret: string; error?: string }
      if (!answer.ok) return station.error ?? 'That did not work.'
      this.secret = station.secret
      this.#save()
      return station
    } catch {
      return 'The room does not answer. Try again.'
    }
  }

  /** @returns whether they are kept until the hub has them. */
  send(readings: readonly Made[]): boolean {
    if (this.isClosed || this.kept.length + readings.length > MOST_KEPT) return false
    for (const reading of readings) this.#kept.set(reading.id, { reading, isSent: false, isInHub: false })
    this.#save()
    void this.#sendKept()
    return true
  }

  /** Forgets who it was. */
  leave(): void {
    this.isClosed = true
    this.secret = ''
    this.#kept.clear()
    this.#save()
  }

  /** Server events over fetch, which can send a header that says who listens. Ends when the room is closed. */
  async listen(): Promise<void> {
    const { wait, onNotice } = this.#options
    let delay = RETRY_MS.first
    while (!this.isClosed) {
      try {
        const answer = await this.get('events')
        if (answer.status === 404) return this.#heard('removed', {})
        if (!answer.ok || !answer.body) throw new Refused(((await answer.json()) as { error: string }).error)
        onNotice('')
        delay = RETRY_MS.first
        // What the room has not acknowledged over another connection may not have reached it.
        for (const one of this.#kept.values()) one.isSent = false
        void this.#sendKept()
        await this.#read(answer.body)
      } catch (error) {
        const why = error instanceof Refused ? error.message : 'The room does not answer. Trying again.'
        if (!this.isClosed) onNotice(why)
      }
      await wait(delay)
      delay = Math.min(delay * 2, RETRY_MS.last)
    }
  }

  async #sendKept(): Promise<void> {
    if (this.#isSending) return
    this.#isSending = true
    const { wait, onNotice } = this.#options
    let delay = RETRY_MS.first
    while (!this.isClosed) {
      const next = [...this.#kept.values()].filter(({ isSent }) => !isSent).slice(0, PER_REQUEST)
      if (next.length === 0) break
      for (const one of next) one.isSent = true
      try {
        const answer = await this.post('readings', { readings: next.map(({ reading }) => reading) })
        // Read in any case: a connection is free for the next request only then.
        const { error = '' } = (await answer.json()) as { error?: string }
        if (answer.ok) {
          onNotice('')
          delay = RETRY_MS.first
          continue
        }
        onNotice(error)
        if (answer.headers.get('retry-after') === null) this.#refuse(next, error)
        else for (const one of next) one.isSent = false
      } catch {
        for (const one of next) one.isSent = false
        onNotice(NO_ANSWER)
      }
      await wait(delay)
      delay = Math.min(delay * 2, RETRY_MS.last)
    }
    this.#isSending = false
  }

  #refuse(refused: readonly Kept[], why: string): void {
    for (const { reading, isInHub } of refused) {
      this.#kept.delete(reading.id)
      if (!isInHub) this.#options.onRefused(reading.id, why)
    }
    this.#save()
  }

  async #read(body: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    const reader = body.getReader()
    const decoder = new TextDecoder()
    let text = ''
    const heard = { pieces: 0, isOver: false }
    void this.#leaveSilent(reader, heard)
    try {
      for (;;) {
        const { done, value } = await reader.read()
        if (done) return
        heard.pieces++
        text += decoder.decode(value, { stream: true })
        const parts = text.split('\n\n')
        text = parts.pop() ?? ''
        for (const part of parts) {
          const event = /^event: (.*)$/m.exec(part)?.[1] ?? ''
          this.#heard(event, JSON.parse(/^data: (.*)$/m.exec(part)?.[1] ?? '{}'))
        }
      }
    } finally {
      heard.isOver = true
    }
  }

  /** Ends a stream that nothing comes from any more. Never rejects. */
  async #leaveSilent(
    reader: { cancel(): Promise<void> },
    heard: Readonly<{ pieces: number; isOver: boolean }>,
  ): Promise<void> {
    for (let before = -1; before !== heard.pieces; ) {
      before = heard.pieces
      await this.#options.wait(SILENCE_MS)
      if (heard.isOver) return
    }
    await reader.cancel().catch(() => {})
  }

  #heard(event: string, data: unknown): void {
    if (event === 'step') {
      const { eventId, step } = data as { eventId: string; step: AudienceStep }
      this.#advanced(eventId, step)
    }
    if (event === 'closed') this.isClosed = true
    if (event === 'removed') this.leave()
    this.#options.onEvent(event, data)
  }

  #advanced(eventId: string, step: AudienceStep): void {
    const kept = this.#kept.get(eventId)
    if (!kept || step === 'waiting') return
    const wasInHub = kept.isInHub
    kept.isInHub = true
    if (LAST_STEPS.includes(step)) this.#kept.delete(eventId)
    const followed = [...this.#kept].filter(([, one]) => one.isInHub)
    for (const [id] of followed.slice(0, -MOST_KEPT)) this.#kept.delete(id)
    if (!wasInHub) this.#save()
  }

  /** Browsers may forbid it, or have no room: then nothing survives a reload, and all else goes on. */
  #save(): void {
    try {
      this.#options.save(JSON.stringify({ secret: this.secret, kept: this.kept }))
    } catch {
      // Not kept.
    }
  }
}
