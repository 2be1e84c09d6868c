/**
 * The least that a Kafka client can do, so that what is measured is the broker: batches are encoded beforehand, and records are
 * counted by the headers of their batches. It keeps up to five requests under way, as the clients of others do.
 */
import { createConnection, type Socket } from 'node:net'
import { FrameSplitter } from '../../src/local/event-hubs/kafka/wire/frames.ts'
import { KafkaReader, KafkaWriter } from '../../src/local/event-hubs/kafka/wire/values.ts'

export const TOPIC = 'weather'
const UNDER_WAY = 5
/** Versions that both brokers serve. */
const VERSION = { produce: 7, fetch: 10, createTopics: 2, handshake: 1, authenticate: 0 }
const API = { produce: 0, fetch: 1, handshake: 17, createTopics: 19, authenticate: 36 }

export class BenchClient {
  readonly #socket: Socket
  readonly #frames = new FrameSplitter()
  readonly #waiting: ((answer: KafkaReader) => void)[] = []

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('data', (chunk) => {
      for (const message of this.#frames.push(chunk, 100_000_000)) {
        const answer = new KafkaReader(message)
        answer.int32()
        this.#waiting.shift()?.(answer)
      }
    })
  }

  /** @param connectionString signs in with it; undefined: the broker asks for nothing. */
  static async connect(port: number, connectionString?: string): Promise<BenchClient> {
    const socket = createConnection(port, 'localhost')
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))
    const client = new BenchClient(socket)
    if (connectionString === undefined) return client
    await client.#ask(API.handshake, VERSION.handshake, (writer) => writer.string('PLAIN'))
    const answer = await client.#ask(API.authenticate, VERSION.authenticate, (writer) =>
      writer.bytes(Buffer.from(`\0$ConnectionString\0${connectionString}`)),
    )
    if (answer.int16() !== 0) throw new Error('the broker did not take the connection string')
    return client
  }

  close(): void {
    this.#socket.destroy()
  }

  #ask(api: number, version: number, write: (writer: KafkaWriter) => unknown): Promise<KafkaReader> {
    const writer = new KafkaWriter().int32(0).int16(api).int16(version).int32(1).string('bench')
    write(writer)
    const bytes = writer.end()
    bytes.writeInt32BE(bytes.length - 4, 0)
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
      this.#socket.write(bytes)
    })
  }

  async createTopic(): Promise<void> {
    const answer = await this.#ask(API.createTopics, VERSION.createTopics, (writer) => {
      writer.int32(1).string(TOPIC).int32(1).int16(1).int32(0).int32(0).int32(30_000).int8(0)
    })
    answer.int32()
    answer.array(() => {
      answer.string()
      const [error, reason] = [answer.int16(), answer.nullableString()]
      if (error !== 0) throw new Error(`the topic was not made: ${reason ?? error}`)
    })
  }

  /** @param batches of one send; the same ones again and again. @returns how many events were acknowledged. */
  async produce(batches: readonly { bytes: Buffer; count: number }[], total: number): Promise<number> {
    let acknowledged = 0
    let sent = 0
    const send = async () => {
      for (let index = 0; sent < total; index++) {
        const { bytes, count } = batches[index % batches.length] as { bytes: Buffer; count: number }
        sent += count
        const answer = await this.#ask(API.produce, VERSION.produce, (writer) => {
          writer.string(undefined).int16(-1).int32(30_000)
          writer.int32(1).string(TOPIC).int32(1).int32(0).bytes(bytes)
        })
        answer.int32()
        answer.string()
        answer.int32()
        answer.int32()
        const error = answer.int16()
        if (error !== 0) throw new Error(`a batch was refused with ${error}`)
        acknowledged += count
      }
    }
    await Promise.all(Array.from({ length: UNDER_WAY }, send))
    return acknowledged
  }

  /** @returns how many events came, from the beginning to at least that many. */
  async consume(total: number): Promise<number> {
    let offset = 0
    while (offset < total) {
      const { error, records } = await this.#fetch(offset)
      if (error !== 0) throw new Error(`a fetch was refused with ${error}`)
      offset = behindLast(records, offset)
    }
    return offset
  }

  /** Has the new topic's partition a leader? */
  async isReady(): Promise<boolean> {
    return (await this.#fetch(0, 0)).error === 0
  }

  async #fetch(from: number, maxWaitMs = 500): Promise<{ error: number; records: Buffer }> {
    const answer = await this.#ask(API.fetch, VERSION.fetch, (writer) => {
      writer.int32(-1).int32(maxWaitMs).int32(1).int32(50_000_000).int8(0).int32(0).int32(-1)
      writer.int32(1).string(TOPIC).int32(1).int32(0).int32(-1)
      writer.int64(from).int64(-1).int32(1_048_576).int32(0)
    })
    // Throttling, error, session; one topic, one partition and its number.
    answer.slice(4 + 2 + 4 + 4)
    answer.string()
    answer.slice(4 + 4)
    const error = answer.int16()
    answer.slice(8 + 8 + 8)
    answer.nullableArray(() => answer.slice(16))
    return { error, records: answer.bytes() }
  }
}

/** The offset behind the last whole batch. */
function behindLast(records: Buffer, offset: number): number {
  let next = offset
  for (let at = 0; at + 61 <= records.length; ) {
    const end = at + 12 + records.readInt32BE(at + 8)
    if (end > records.length) break
    next = Number(records.readBigInt64BE(at)) + records.readInt32BE(at + 23) + 1
    at = end
  }
  return next
}
