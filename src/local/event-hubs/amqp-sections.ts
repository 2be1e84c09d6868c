/**
 * The few bytes of AMQP 1.0 that must be read and written without decoding a whole message: where its sections begin and
 * end, and the annotations that the hub adds on delivery. Events are stored as they came and never encoded again.
 */

/** Section descriptors, OASIS AMQP 1.0 part 3. */
const DELIVERY_ANNOTATIONS = 0x71
const MESSAGE_ANNOTATIONS = 0x72
const DATA = 0x75
const VALUE = 0x77

export class MalformedMessageError extends Error {
  override readonly name = 'MalformedMessageError'
}

interface Section {
  descriptor: number
  start: number
  /** Where the described value begins. */
  value: number
  end: number
}

/** End of the value that starts at `offset`; the upper half of a constructor byte tells the width (part 1, 1.2). */
function skip(bytes: Buffer, offset: number): number {
  const code = bytes[offset]
  if (code === undefined) throw new MalformedMessageError('the message ends in the middle of a value')
  if (code === 0x00) return skip(bytes, skip(bytes, offset + 1))
  let end: number
  switch (code >> 4) {
    case 0x4:
      end = offset + 1
      break
    case 0x5:
      end = offset + 2
      break
    case 0x6:
      end = offset + 3
      break
    case 0x7:
      end = offset + 5
      break
    case 0x8:
      end = offset + 9
      break
    case 0x9:
      end = offset + 17
      break
    case 0xa:
    case 0xc:
    case 0xe:
      end = offset + 2 + (bytes[offset + 1] ?? Number.POSITIVE_INFINITY)
      break
    case 0xb:
    case 0xd:
    case 0xf:
      end =
        offset + 5 + (offset + 5 <= bytes.length ? bytes.readUInt32BE(offset + 1) : Number.POSITIVE_INFINITY)
      break
    default:
      throw new MalformedMessageError(`0x${code.toString(16)} is no AMQP type`)
  }
  if (end > bytes.length) throw new MalformedMessageError('the message ends in the middle of a value')
  return end
}

function* sections(bytes: Buffer): Generator<Section> {
  let start = 0
  while (start < bytes.length) {
    // A section is 0x00, a small (0x53) or wide (0x80) ulong as descriptor, and a value.
    const small = bytes[start] === 0x00 && bytes[start + 1] === 0x53
    const wide = bytes[start] === 0x00 && bytes[start + 1] === 0x80
    if (!small && !wide) throw new MalformedMessageError('a section has no numeric descriptor')
    const value = start + (small ? 3 : 10)
    const descriptor = bytes[value - 1]
    if (descriptor === undefined) throw new MalformedMessageError('the message ends in a descriptor')
    const end = skip(bytes, value)
    yield { descriptor, start, value, end }
    start = end
  }
}

/** Content of a string, symbol or binary value; undefined for any other type. */
function content(bytes: Buffer, offset: number): Buffer | undefined {
  const code = bytes[offset]
  const end = skip(bytes, offset)
  if (code !== undefined && code >> 4 === 0xa) return bytes.subarray(offset + 2, end)
  if (code !== undefined && code >> 4 === 0xb) return bytes.subarray(offset + 5, end)
  return undefined
}

/** Body of an encoded event: its data sections joined, or the text of an amqp-value. Empty when there is neither. */
export function messageBody(message: Uint8Array): Buffer {
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.byteLength)
  const parts: Buffer[] = []
  for (const { descriptor, value } of sections(bytes)) {
    if (descriptor !== DATA && descriptor !== VALUE) continue
    const part = content(bytes, value)
    if (part) parts.push(part)
  }
  return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts)
}

/**
 * The events inside a batch (message format 0x80013700): each data section is a whole encoded message. The envelope's
 * annotations carry the partition key of all of them.
 * @throws MalformedMessageError when the envelope is broken or holds anything but data sections.
 */
export function openBatch(envelope: Buffer): { events: Buffer[]; partitionKey: string | undefined } {
  const events: Buffer[] = []
  let partitionKey: string | undefined
  for (const { descriptor, value } of sections(envelope)) {
    if (descriptor === MESSAGE_ANNOTATIONS) partitionKey = textEntry(envelope, value, 'x-opt-partition-key')
    if (descriptor < DATA || descriptor > VALUE) continue
    const event = descriptor === DATA ? content(envelope, value) : undefined
    if (!event) throw new MalformedMessageError('a batch holds data sections only')
    events.push(event)
  }
  if (events.length === 0) throw new MalformedMessageError('the batch is empty')
  return { events, partitionKey }
}

/** @throws MalformedMessageError when the bytes are no sequence of AMQP sections with a body. */
export function assertMessage(message: Buffer): void {
  let bodies = 0
  for (const { descriptor } of sections(message)) if (descriptor >= DATA && descriptor <= VALUE) bodies++
  if (bodies === 0) throw new MalformedMessageError('the message has no body')
}

export interface DeliveryProperties {
  sequenceNumber: number
  /** Epoch milliseconds. */
  enqueuedAt: number
}

/** What a receiver with the runtime-metric capability learns with each event. */
export interface RuntimeMetrics extends DeliveryProperties {
  retrievedAt: number
}

const OURS = new Set(['x-opt-sequence-number', 'x-opt-offset', 'x-opt-enqueued-time'])

/** The stored message with the hub's annotations; the sender's own annotations (partition key, …) stay. */
export function forDelivery(
  message: Uint8Array,
  properties: DeliveryProperties,
  metrics?: RuntimeMetrics,
): Buffer {
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.byteLength)
  const entries: Buffer[] = [
    symbol('x-opt-sequence-number'),
    long(properties.sequenceNumber),
    symbol('x-opt-offset'),
    text(String(properties.sequenceNumber)),
    symbol('x-opt-enqueued-time'),
    timestamp(properties.enqueuedAt),
  ]
  const kept: Buffer[] = []
  for (const section of sections(bytes)) {
    if (section.descriptor === MESSAGE_ANNOTATIONS) entries.push(...foreignEntries(bytes, section.value))
    else if (section.descriptor !== DELIVERY_ANNOTATIONS)
      kept.push(bytes.subarray(section.start, section.end))
  }
  const head = metrics ? [mapSection(DELIVERY_ANNOTATIONS, metricEntries(metrics))] : []
  return Buffer.concat([...head, mapSection(MESSAGE_ANNOTATIONS, entries), ...kept])
}

function metricEntries(metrics: RuntimeMetrics): Buffer[] {
  return [
    symbol('last_enqueued_sequence_number'),
    long(metrics.sequenceNumber),
    symbol('last_enqueued_offset'),
    text(String(metrics.sequenceNumber)),
    symbol('last_enqueued_time_utc'),
    timestamp(metrics.enqueuedAt),
    symbol('runtime_info_retrieval_time_utc'),
    timestamp(metrics.retrievedAt),
  ]
}

interface MapEntry {
  name: string
  key: number
  value: number
  end: number
}

/** Entries of a map whose keys are strings or symbols; offsets into the bytes. */
function* mapEntries(bytes: Buffer, map: number): Generator<MapEntry> {
  const code = bytes[map]
  if (code !== 0xc1 && code !== 0xd1) return
  const last = skip(bytes, map)
  let key = map + (code === 0xc1 ? 3 : 9)
  while (key < last) {
    const value = skip(bytes, key)
    const end = skip(bytes, value)
    yield { name: content(bytes, key)?.toString('utf8') ?? '', key, value, end }
    key = end
  }
}

function textEntry(bytes: Buffer, map: number, name: string): string | undefined {
  for (const entry of mapEntries(bytes, map))
    if (entry.name === name) return content(bytes, entry.value)?.toString('utf8')
  return undefined
}

/** Keys and values of a map that are not the hub's own. */
function foreignEntries(bytes: Buffer, map: number): Buffer[] {
  return [...mapEntries(bytes, map)]
    .filter(({ name }) => !OURS.has(name))
    .flatMap(({ key, value, end }) => [bytes.subarray(key, value), bytes.subarray(value, end)])
}

/** The hub orders by header, delivery annotations, message annotations, …; a header is rare and receivers accept it later. */
function mapSection(descriptor: number, entries: readonly Buffer[]): Buffer {
  const size = entries.reduce((sum, entry) => sum + entry.length, 4)
  const head = Buffer.alloc(12)
  head.set([0x00, 0x53, descriptor, 0xd1])
  head.writeUInt32BE(size, 4)
  head.writeUInt32BE(entries.length, 8)
  return Buffer.concat([head, ...entries])
}

const symbols = new Map<string, Buffer>()
function symbol(name: string): Buffer {
  let encoded = symbols.get(name)
  if (!encoded) {
    encoded = Buffer.concat([Buffer.from([0xa3, name.length]), Buffer.from(name, 'ascii')])
    symbols.set(name, encoded)
  }
  return encoded
}

const text = (value: string) =>
  Buffer.concat([Buffer.from([0xa1, Buffer.byteLength(value)]), Buffer.from(value, 'utf8')])

function wide(code: number, value: number): Buffer {
  const bytes = Buffer.alloc(9)
  bytes[0] = code
  bytes.writeBigInt64BE(BigInt(value), 1)
  return bytes
}
const long = (value: number) => wide(0x81, value)
const timestamp = (value: number) => wide(0x83, value)
