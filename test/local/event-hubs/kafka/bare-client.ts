/** Requests written by hand, for what no client library sends. */
import { createConnection, type Socket } from 'node:net'
import { expect } from 'vitest'
import { FrameSplitter } from '../../../../src/local/event-hubs/kafka/wire/frames.ts'
import { KafkaReader, KafkaWriter } from '../../../../src/local/event-hubs/kafka/wire/values.ts'
import type { KafkaFixture } from './kafka-fixture.ts'

export const request = (
  key: number,
  version: number,
  write: (writer: KafkaWriter) => unknown = () => {},
  id = 7,
) => {
  const writer = new KafkaWriter().int16(key).int16(version).int32(id).string('raw')
  write(writer)
  const body = Buffer.from(writer.end())
  return Buffer.concat([new KafkaWriter().int32(body.length).end(), body])
}

/** As {@link request}, in the flexible encoding. */
export const flexible = (
  key: number,
  version: number,
  write: (writer: KafkaWriter) => unknown = () => {},
) => {
  const writer = new KafkaWriter().int16(key).int16(version).int32(7).string('raw').beFlexible().tags()
  write(writer)
  const body = Buffer.from(writer.tags().end())
  return Buffer.concat([new KafkaWriter().int32(body.length).end(), body])
}

/** A bare connection; answers are read message by message. */
export class Bare {
  readonly socket: Socket
  readonly #frames = new FrameSplitter()
  readonly #answers: KafkaReader[] = []
  readonly #waiting: ((answer: KafkaReader) => void)[] = []
  readonly #fixture: KafkaFixture
  readonly #gone: Promise<void>
  isClosed = false

  constructor(fixture: KafkaFixture) {
    this.#fixture = fixture
    this.socket = createConnection(fixture.ports.plain, '127.0.0.1')
    this.socket.on('error', () => {})
    this.#gone = new Promise((resolve) => this.socket.on('close', () => resolve()))
    void this.#gone.then(() => {
      this.isClosed = true
    })
    this.socket.on('data', (chunk) => {
      for (const message of this.#frames.push(chunk, 1e8)) {
        const answer = new KafkaReader(message)
        const next = this.#waiting.shift()
        if (next) next(answer)
        else this.#answers.push(answer)
      }
    })
  }

  static async signedIn(fixture: KafkaFixture): Promise<Bare> {
    const bare = new Bare(fixture)
    await bare.signIn()
    return bare
  }

  /** @throws when the connection ends without an answer. */
  ask(bytes: Buffer): Promise<KafkaReader> {
    this.socket.write(bytes)
    const there = this.#answers.shift()
    if (there) return Promise.resolve(there)
    return new Promise((resolve, reject) => {
      this.#waiting.push(resolve)
      void this.#gone.then(() => reject(new Error('the connection ended without an answer')))
    })
  }

  /** The other side has ended the connection. */
  closed(): Promise<void> {
    return this.#gone
  }

  async signIn(): Promise<void> {
    await this.ask(request(17, 1, (writer) => writer.string('PLAIN')))
    const proof = Buffer.from(`\0$ConnectionString\0${this.#fixture.hub.connectionString()}`)
    const answer = await this.ask(request(36, 0, (writer) => writer.bytes(proof)))
    expect([answer.int32(), answer.int16()]).toEqual([7, 0])
  }
}
