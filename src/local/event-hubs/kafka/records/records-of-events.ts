/** Events of the hub as Kafka's record batches, in one pass over the bytes of the log. */
import { type EventPage, LENGTH_BYTES } from '../../amqp/packed-events.ts'
import { BATCH_HEADER_BYTES, writeBatchHeader } from './record-batch.ts'
import { type Piece, RecordParts } from './record-parts.ts'

/** Of a record beside its key, value and headers: five varints of five bytes, attributes, and some. */
const OVERHEAD_BYTES = 40
const OVERHEAD_OF_HEADER = 10

/**
 * A batch has one time, that of the hub: events that came at one time share it.
 * @param pages of one partition, which follow each other without a gap.
 */
export function recordsOfEvents(pages: readonly EventPage[]): Buffer {
  return new Encoder(pages).run(pages)
}

class Encoder {
  readonly #parts = new RecordParts()
  #out: Buffer
  #length = 0

  constructor(pages: readonly EventPage[]) {
    const size = pages.reduce((sum, { events, count }) => sum + events.length + 8 * count, 0)
    this.#out = Buffer.allocUnsafe(size + pages.length * BATCH_HEADER_BYTES + OVERHEAD_BYTES)
  }

  run(pages: readonly EventPage[]): Buffer {
    for (let index = 0; index < pages.length; ) {
      const first = pages[index] as EventPage
      const start = this.#length
      this.#room(BATCH_HEADER_BYTES)
      this.#length += BATCH_HEADER_BYTES
      let count = 0
      for (; pages[index]?.enqueuedAt === first.enqueuedAt; index++) {
        const page = pages[index] as EventPage
        this.#page(page.events, count)
        count += page.count
      }
      writeBatchHeader(
        this.#out,
        { start, end: this.#length },
        { baseOffset: first.firstSequenceNumber, count, appendedAt: first.enqueuedAt },
      )
    }
    return this.#out.subarray(0, this.#length)
  }

  #page(events: Buffer, before: number): void {
    let number = before
    for (let at = 0; at < events.length; ) {
      const start = at + LENGTH_BYTES
      at = start + events.readUInt32BE(at)
      this.#parts.read(events, start, at)
      this.#record(number++)
    }
  }

  #record(number: number): void {
    const { key, value, headerCount } = this.#parts
    let size = 2 + sizeOfVarint(number) + sizeOf(key) + sizeOf(value) + sizeOfVarint(headerCount)
    for (let index = 0; index < headerCount; index++) {
      const header = this.#parts.header(index)
      size += sizeOf(header.name) + sizeOf(header.value)
    }
    this.#room(size + OVERHEAD_BYTES + headerCount * OVERHEAD_OF_HEADER)
    this.#varint(size)
    // Attributes, and how much later than the batch.
    this.#out[this.#length++] = 0
    this.#out[this.#length++] = 0
    this.#varint(number)
    this.#piece(key)
    this.#piece(value)
    this.#varint(headerCount)
    for (let index = 0; index < headerCount; index++) {
      const header = this.#parts.header(index)
      this.#piece(header.name)
      this.#piece(header.value)
    }
  }

  #piece({ bytes, at, length }: Piece): void {
    this.#varint(length)
    if (length > 0) this.#length += bytes.copy(this.#out, this.#length, at, at + length)
  }

  /** Zigzag. */
  #varint(value: number): void {
    let rest = ((value << 1) ^ (value >> 31)) >>> 0
    for (; rest >= 0x80; rest >>>= 7) this.#out[this.#length++] = (rest & 0x7f) | 0x80
    this.#out[this.#length++] = rest
  }

  #room(size: number): void {
    if (this.#length + size <= this.#out.length) return
    const grown = Buffer.allocUnsafe(Math.max(this.#out.length * 2, this.#length + size))
    this.#out.copy(grown, 0, 0, this.#length)
    this.#out = grown
  }
}

/** Of a number from −1 on. */
function sizeOfVarint(value: number): number {
  if (value < 0x40) return 1
  if (value < 0x2000) return 2
  if (value < 0x100000) return 3
  return value < 0x8000000 ? 4 : 5
}

const sizeOf = ({ length }: Piece) => sizeOfVarint(length) + Math.max(0, length)
