/**
 * What of an event becomes a Kafka record, as places in its bytes: nothing is copied or decoded for events of the usual forms.
 *
 * As the service has it (https://learn.microsoft.com/azure/event-hubs/event-hubs-exchange-events-different-protocols and the
 * interop guide of https://github.com/Azure/azure-event-hubs-for-kafka): a property reaches Kafka as the bytes that AMQP encodes
 * it in, with its type in front; seven fields of the message's own properties become headers of text. A binary property is
 * what a header of Kafka is kept as, and comes back as its bytes. What SDKs call system properties, the sender's annotations such as those
 * of IoT Hub (`iothub-connection-device-id`), are headers too (azure-event-hubs-for-kafka, issue 237), in AMQP's encoding (its issue 56).
 */
import { ValueReader } from '../../amqp/library.ts'
import { messageBody, SECTION, sections } from '../../amqp/sections.ts'
import { contentOf, describedValue, endOfValue, isMap } from '../../amqp/values.ts'
import { KAFKA_KEY, PARTITION_KEY, TYPE } from './amqp-layout.ts'

/** Fields of the section of properties (AMQP part 3, 3.2.4) by their place in it. */
const FIELDS: ReadonlyMap<number, string> = new Map([
  [0, 'message-id'],
  [1, 'user-id'],
  [2, 'to'],
  [4, 'reply-to'],
  [6, 'content-type'],
  [7, 'content-encoding'],
  [9, 'creation-time'],
])
const NAMES = Buffer.from([...FIELDS.values()].join(''))
/** Properties of these names are text for Kafka's clients too. */
const TEXTS: ReadonlySet<string> = new Set(FIELDS.values())
const LAST_FIELD = 9

const KEY_NAMES = [PARTITION_KEY, KAFKA_KEY].map((name) => Buffer.from(name))
const [PARTITION_KEY_BYTES, KAFKA_KEY_BYTES] = KEY_NAMES as [Buffer, Buffer]
/** What annotations between the service and its clients begin with. */
const SERVICES_OWN = Buffer.from('x-opt-')

/** A piece of bytes; a length of −1 is null. */
export interface Piece {
  bytes: Buffer
  /** Offset in `bytes`. */
  at: number
  length: number
}

export interface HeaderPiece {
  name: Piece
  value: Piece
}

const NOTHING = Buffer.alloc(0)
const nothing = (): Piece => ({ bytes: NOTHING, at: 0, length: -1 })

function place(piece: Piece, bytes: Buffer, at: number, length: number): void {
  piece.bytes = bytes
  piece.at = at
  piece.length = length
}

/** One of these serves for event after event. */
export class RecordParts {
  readonly key = nothing()
  readonly value = nothing()
  readonly #headers: HeaderPiece[] = []
  headerCount = 0
  #bodies = 0
  #isPlain = true

  /** @param index below `headerCount`. Valid until the next {@link read}. */
  header(index: number): HeaderPiece {
    return this.#headers[index] as HeaderPiece
  }

  /** @param start of an encoded AMQP message that ends before `end`. @throws MalformedAmqpError */
  read(bytes: Buffer, start: number, end: number): void {
    this.headerCount = 0
    this.#bodies = 0
    this.#isPlain = true
    this.key.length = -1
    this.value.length = -1
    let at = start
    while (at < end) {
      const value =
        bytes[at] === TYPE.described && bytes[at + 1] === TYPE.smallUlong ? at + 3 : describedValue(bytes, at)
      at = endOfValue(bytes, value)
      this.#section(bytes, bytes[value - 1] as number, value, at)
    }
    if (!this.#isPlain || this.#bodies > 1) this.#readBody(bytes.subarray(start, end))
  }

  #section(bytes: Buffer, descriptor: number, value: number, end: number): void {
    if (descriptor === SECTION.data) {
      this.#bodies++
      const code = bytes[value]
      const at = value + (code === TYPE.vbin8 ? 2 : 5)
      if (code !== TYPE.null) place(this.value, bytes, at, end - at)
    } else if (descriptor === SECTION.messageAnnotations) this.#annotations(bytes, value, end)
    else if (descriptor === SECTION.applicationProperties) this.#applicationProperties(bytes, value, end)
    else if (descriptor === SECTION.properties) this.#properties(bytes, value)
    else if (descriptor === SECTION.value || descriptor === SECTION.sequence) this.#isPlain = false
  }

  /** A body of several data sections is joined, as for every reader of the hub; a value is its text. */
  #readBody(message: Buffer): void {
    let hasBody = false
    for (const { descriptor, value } of sections(message))
      if (descriptor >= SECTION.data && descriptor <= SECTION.value && message[value] !== TYPE.null)
        hasBody = true
    const body = hasBody ? messageBody(message) : undefined
    place(this.value, body ?? NOTHING, 0, body?.length ?? -1)
  }

  #annotations(bytes: Buffer, map: number, end: number): void {
    let isKafkas = false
    for (let key = firstItem(bytes, map, end); key < end; ) {
      const value = endOfValue(bytes, key)
      const next = endOfValue(bytes, value)
      const isKafkaKey = isNamed(bytes, key, value, KAFKA_KEY_BYTES)
      if (isKafkaKey || (!isKafkas && isNamed(bytes, key, value, PARTITION_KEY_BYTES))) {
        isKafkas ||= isKafkaKey
        if (hasContent(bytes, value)) {
          const at = contentStart(bytes, value)
          place(this.key, bytes, at, next - at)
        }
      } else if (isForeign(bytes, key, value)) this.#addHeader(bytes, { key, value, end: next })
      key = next
    }
  }

  #applicationProperties(bytes: Buffer, map: number, end: number): void {
    for (let key = firstItem(bytes, map, end); key < end; ) {
      const value = endOfValue(bytes, key)
      const next = endOfValue(bytes, value)
      this.#addHeader(bytes, { key, value, end: next })
      key = next
    }
  }

  /** Of an entry of a map, by places in the bytes. */
  #addHeader(bytes: Buffer, { key, value, end }: { key: number; value: number; end: number }): void {
    const header = this.#newHeader()
    const name = contentStart(bytes, key)
    place(header.name, bytes, name, value - name)
    const code = bytes[value]
    if (code === TYPE.null) place(header.value, bytes, value, -1)
    else {
      const isContent = code === TYPE.vbin8 || code === TYPE.vbin32 || this.#isText(bytes, header.name, value)
      const at = isContent ? contentStart(bytes, value) : value
      place(header.value, bytes, at, end - at)
    }
  }

  #isText(bytes: Buffer, { at, length }: Piece, value: number): boolean {
    if (length > 16 || !hasContent(bytes, value)) return false
    return TEXTS.has(bytes.toString('latin1', at, at + length))
  }

  #properties(bytes: Buffer, list: number): void {
    if (bytes[list] === TYPE.list0) return
    const end = endOfValue(bytes, list)
    let at = list + (bytes[list] === 0xc0 ? 3 : 9)
    for (let field = 0; at < end && field <= LAST_FIELD; field++) {
      const next = endOfValue(bytes, at)
      const name = FIELDS.get(field)
      if (name !== undefined && bytes[at] !== TYPE.null) {
        const header = this.#newHeader()
        place(header.name, NAMES, NAMES.indexOf(name), name.length)
        const text = contentOf(bytes, at) ?? textOf(bytes.subarray(at, next))
        place(header.value, text, 0, text.length)
      }
      at = next
    }
  }

  #newHeader(): HeaderPiece {
    const index = this.headerCount++
    this.#headers[index] ??= { name: nothing(), value: nothing() }
    return this.#headers[index] as HeaderPiece
  }
}

/** Where the first key of a map stands; its end for anything else. */
const firstItem = (bytes: Buffer, map: number, end: number) =>
  isMap(bytes[map]) ? map + (bytes[map] === TYPE.map8 ? 3 : 9) : end

/** Is it a text, a symbol or a binary? */
const hasContent = (bytes: Buffer, at: number) => {
  const kind = (bytes[at] as number) >> 4
  return kind === 0xa || kind === 0xb
}

const contentStart = (bytes: Buffer, at: number) => at + ((bytes[at] as number) >> 4 === 0xa ? 2 : 5)

function isNamed(bytes: Buffer, at: number, end: number, name: Buffer): boolean {
  if (!hasContent(bytes, at)) return false
  const start = contentStart(bytes, at)
  return end - start === name.length && name.compare(bytes, start, end) === 0
}

/** Is it an annotation by name that neither the service nor its clients gave the event? */
function isForeign(bytes: Buffer, at: number, end: number): boolean {
  if (!hasContent(bytes, at)) return false
  const start = contentStart(bytes, at)
  const prefixEnd = start + SERVICES_OWN.length
  return prefixEnd > end || SERVICES_OWN.compare(bytes, start, prefixEnd) !== 0
}

/** Of a number, an identifier or a time. */
function textOf(encoded: Buffer): Buffer {
  const { value } = new ValueReader(encoded).read()
  return Buffer.from(value instanceof Date ? value.toISOString() : String(value))
}
