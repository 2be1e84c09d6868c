/** Requests written by hand, for what no client library sends. */
import { createConnection, type Socket } from 'node:net'
import { expect, vi } from 'vitest'
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

/** A bare connection; answers are read message by message. */
export class Bare {
  readonly socket: Socket
  #received = Buffer.alloc(0)
  isClosed = false

  readonly #fixture: KafkaFixture

  constructor(fixture: KafkaFixture) {
    this.#fixture = fixture
    this.socket = createConnection(fixture.ports.plain, '127.0.0.1')
    this.socket.on('error', () => {})
    this.socket.on('close', () => {
      this.isClosed = true
    })
    this.socket.on('data', (chunk) => {
      this.#received = Buffer.concat([this.#received, chunk])
    })
  }

  static async signedIn(fixture: KafkaFixture): Promise<Bare> {
    const bare = new Bare(fixture)
    await bare.signIn()
    return bare
  }

  async ask(bytes: Buffer): Promise<KafkaReader> {
    this.socket.write(bytes)
    return vi.waitFor(() => {
      if (this.#received.length < 4) throw new Error('no answer')
      const length = this.#received.readInt32BE(0)
      if (this.#received.length < 4 + length) throw new Error('half an answer')
      const message = this.#received.subarray(4, 4 + length)
      this.#received = this.#received.subarray(4 + length)
      return new KafkaReader(message)
    }, 20_000)
  }

  async signIn(): Promise<void> {
    await this.ask(request(17, 1, (writer) => writer.string('PLAIN')))
    const proof = Buffer.from(`\0$ConnectionString\0${this.#fixture.hub.connectionString()}`)
    const answer = await this.ask(request(36, 0, (writer) => writer.bytes(proof)))
    expect([answer.int32(), answer.int16()]).toEqual([7, 0])
  }
}
