/**
 * Phones without a browser: the page's own link over real sockets, each phone from an address of its own (on Linux all of
 * 127.0.0.0/8 is this machine).
 */
import { randomUUID } from 'node:crypto'
import { Agent, request } from 'node:http'
import { Readable } from 'node:stream'
import type { Board } from '../../src/audience/messages.ts'
import { type Answer, type Asked, Link, type LinkOptions, type Made } from '../../src/audience/page/link.ts'
import type { AudienceStep } from '../../src/contract/audience-step.ts'

export interface SimulatedPhone {
  readonly name: string
  readonly deviceId: string
  readonly link: Link
  /** What became of each reading, in order of coming. */
  readonly steps: ReadonlyMap<string, readonly AudienceStep[]>
  /** Milliseconds from sending to gold, of each that came there. */
  readonly toGold: readonly number[]
  /** The same by step, of each that was told. */
  readonly timesTo: ReadonlyMap<AudienceStep, readonly number[]>
  readonly refused: readonly string[]
  readonly isThere: boolean
  readonly board: Board | undefined
  /** Names of what the room has told, the newest last. */
  readonly heard: readonly string[]
  send(changes?: Partial<Made>): string
  close(): void
}

const CITIES = ['Bern', 'Lima', 'Oslo', 'Quito', 'Perth']

/** A phone that joins the room at an address; it stays and comes back until it is closed. @param storage what the browser keeps things in. */
export async function joinRoom(
  url: string,
  number: number,
  storage?: Pick<LinkOptions, 'load' | 'save'>,
): Promise<SimulatedPhone> {
  const agent = new Agent({ keepAlive: true, maxSockets: 4 })
  const localAddress =
    process.platform === 'linux' ? `127.0.${1 + (number >> 7)}.${1 + (number & 127)}` : undefined
  const closing = new AbortController()
  const steps = new Map<string, AudienceStep[]>()
  const sentAt = new Map<string, number>()
  const toGold: number[] = []
  const timesTo = new Map<AudienceStep, number[]>()
  const refused: string[] = []
  let saved: string | null = null
  let isThere = false
  let name = ''
  const heard: string[] = []
  let board: Board | undefined
  const link = new Link({
    ask: (path, asked) => ask(new URL(path, url), asked, agent, localAddress, closing.signal),
    load: () => saved,
    save: (text) => {
      saved = text
    },
    ...storage,
    wait: (ms) =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, ms)
        closing.signal.addEventListener('abort', () => {
          clearTimeout(timer)
          resolve()
        })
      }),
    onEvent: (event, data) => {
      heard.push(event)
      if (heard.length > 1000) heard.shift()
      if (event === 'board') board = data as Board
      if (event === 'you') {
        isThere = true
        name = (data as { name: string }).name
      }
      if (event !== 'step') return
      const { eventId, step } = data as { eventId: string; step: AudienceStep }
      const own = steps.get(eventId)
      own?.push(step)
      const took = performance.now() - (sentAt.get(eventId) ?? 0)
      timesTo.set(step, [...(timesTo.get(step) ?? []), took])
      if (step === 'gold') toGold.push(took)
    },
    onRefused: (id, why) => refused.push(`${id}: ${why}`),
    onNotice: (text) => {
      if (text.includes('does not answer')) isThere = false
    },
  })
  const city = CITIES[number % CITIES.length] as string
  const joined = await link.join<{ name: string; deviceId: string }>({ city })
  if (typeof joined === 'string') throw new Error(joined)
  name = joined.name
  void link.listen()
  return {
    get name() {
      return name
    },
    get isThere() {
      return isThere
    },
    get board() {
      return board
    },
    deviceId: joined.deviceId,
    link,
    steps,
    toGold,
    timesTo,
    refused,
    heard,
    send: (changes: Partial<Made> = {}) => {
      const reading: Made = {
        id: randomUUID(),
        city,
        temperature: 10 + (number % 20),
        humidity: 50,
        ...changes,
      }
      steps.set(reading.id, [])
      sentAt.set(reading.id, performance.now())
      if (!link.send([reading])) refused.push(`${reading.id}: too many on their way`)
      return reading.id
    },
    close: () => {
      link.isClosed = true
      closing.abort()
      agent.destroy()
    },
  }
}

function ask(
  url: URL,
  { method, headers, body }: Asked,
  agent: Agent,
  localAddress: string | undefined,
  signal: AbortSignal,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(
      url,
      { method, headers, agent, signal, ...(localAddress ? { localAddress } : {}) },
      (response) => {
        response.on('error', () => {})
        resolve({
          ok: response.statusCode === 200 || response.statusCode === 202,
          status: response.statusCode ?? 0,
          headers: { get: (header) => (response.headers[header] as string | undefined) ?? null },
          json: async () => {
            let text = ''
            for await (const chunk of response) text += chunk
            return JSON.parse(text) as unknown
          },
          get body() {
            return Readable.toWeb(response) as ReadableStream<Uint8Array<ArrayBuffer>>
          },
        })
      },
    )
    asked.on('error', reject)
    asked.end(body)
  })
}
