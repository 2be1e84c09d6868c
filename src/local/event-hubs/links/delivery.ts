/** What the hub adds to an event on its way to a receiver, spliced into the stored bytes. */
import { asBuffer, isPlain, PLAIN_FRONT, SECTION, sections } from '../amqp/sections.ts'
import { mapEntries } from '../amqp/values.ts'

/** Become message annotations (`x-opt-…`). */
export interface DeliveryProperties {
  sequenceNumber: number
  /** Epoch milliseconds. */
  enqueuedAt: number
}

/** What a receiver with the runtime-metric capability learns with each event: the newest event of its partition. */
export interface RuntimeMetrics extends DeliveryProperties {
  retrievedAt: number
}

const OURS = new Set([
  'x-opt-sequence-number',
  'x-opt-offset',
  'x-opt-enqueued-time',
  'last_enqueued_sequence_number',
  'last_enqueued_offset',
  'last_enqueued_time_utc',
  'runtime_info_retrieval_time_utc',
])

/** The stored message with the hub's annotations; the sender's own annotations (partition key, …) stay. */
export function forDelivery(
  message: Uint8Array,
  { sequenceNumber, enqueuedAt }: DeliveryProperties,
  metrics?: RuntimeMetrics,
): Buffer {
  const bytes = asBuffer(message)
  if (!metrics && isPlain(bytes)) return plainDelivery(bytes, sequenceNumber, enqueuedAt)
  const annotations = [
    symbol('x-opt-sequence-number'),
    long(sequenceNumber),
    symbol('x-opt-offset'),
    text(String(sequenceNumber)),
    symbol('x-opt-enqueued-time'),
    timestamp(enqueuedAt),
  ]
  const hop = metrics ? metricEntries(metrics) : []
  const hopSection = () => (hop.length > 0 ? [mapSection(SECTION.deliveryAnnotations, hop)] : [])
  // Without annotations of the sender the hub's own stand in front and the rest follows untouched.
  if ((bytes[2] as number) > SECTION.messageAnnotations)
    return Buffer.concat([...hopSection(), mapSection(SECTION.messageAnnotations, annotations), bytes])
  const header: Buffer[] = []
  const rest: Buffer[] = []
  for (const { descriptor, start, value, end } of sections(bytes)) {
    if (descriptor === SECTION.messageAnnotations) annotations.push(...foreignEntries(bytes, value))
    // As the service passes them on, though AMQP has them end at the next hop.
    else if (descriptor === SECTION.deliveryAnnotations) hop.push(...foreignEntries(bytes, value))
    else if (descriptor === SECTION.header) header.push(bytes.subarray(start, end))
    else rest.push(bytes.subarray(start, end))
  }
  return Buffer.concat([
    ...header,
    ...hopSection(),
    mapSection(SECTION.messageAnnotations, annotations),
    ...rest,
  ])
}

/** Bytes of the header in {@link PLAIN_FRONT}. */
const PLAIN_HEADER = 4

/** As {@link forDelivery} makes it, into one piece of memory. */
function plainDelivery(bytes: Buffer, sequenceNumber: number, enqueuedAt: number): Buffer {
  const offset = String(sequenceNumber)
  const inside = KEYS.reduce((sum, key) => sum + key.length, 4) + WIDE + (2 + offset.length) + WIDE
  const out = Buffer.allocUnsafe(PLAIN_HEADER + 12 + inside - 4 + bytes.length - PLAIN_FRONT.length)
  bytes.copy(out, 0, 0, PLAIN_HEADER)
  let at = PLAIN_HEADER
  out.writeUInt32BE(0x005300d1 | (SECTION.messageAnnotations << 8), at)
  out.writeUInt32BE(inside, at + 4)
  out.writeUInt32BE(KEYS.length * 2, at + 8)
  at += 12
  at += KEYS[0].copy(out, at)
  at = writeWide(out, at, 0x81, sequenceNumber)
  at += KEYS[1].copy(out, at)
  out[at] = 0xa1
  out[at + 1] = offset.length
  at += 2 + out.write(offset, at + 2, 'latin1')
  at += KEYS[2].copy(out, at)
  at = writeWide(out, at, 0x83, enqueuedAt)
  bytes.copy(out, at, PLAIN_FRONT.length)
  return out
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

/** Keys and values of the sender's annotations, without those that the hub sets. */
function foreignEntries(bytes: Buffer, map: number): Buffer[] {
  return [...mapEntries(bytes, map)]
    .filter(({ name }) => !OURS.has(name))
    .flatMap(({ key, value, end }) => [bytes.subarray(key, value), bytes.subarray(value, end)])
}

/** A section that is a map. @param entries keys and values in turn. */
export function mapSection(descriptor: number, entries: readonly Buffer[]): Buffer {
  const size = entries.reduce((sum, entry) => sum + entry.length, 4)
  const head = Buffer.allocUnsafe(12)
  head.writeUInt32BE(0x005300d1 | (descriptor << 8), 0)
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

function text(value: string): Buffer {
  const encoded = Buffer.allocUnsafe(2 + value.length)
  encoded[0] = 0xa1
  encoded[1] = value.length
  encoded.write(value, 2, 'ascii')
  return encoded
}

const WIDE = 9

/** Eight bytes behind a constructor. Sequence numbers and times are safe integers. */
function wide(code: number, value: number): Buffer {
  const encoded = Buffer.allocUnsafe(WIDE)
  writeWide(encoded, 0, code, value)
  return encoded
}

/** @returns the place behind it. */
function writeWide(target: Buffer, at: number, code: number, value: number): number {
  target[at] = code
  target.writeInt32BE(Math.floor(value / 2 ** 32), at + 1)
  target.writeUInt32BE(value >>> 0, at + 5)
  return at + WIDE
}

/** Of the hub's annotations, in their order. */
const KEYS = [symbol('x-opt-sequence-number'), symbol('x-opt-offset'), symbol('x-opt-enqueued-time')] as const
const long = (value: number) => wide(0x81, value)
const timestamp = (value: number) => wide(0x83, value)
