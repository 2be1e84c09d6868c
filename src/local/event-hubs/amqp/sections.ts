/** Messages of AMQP 1.0 (OASIS, part 3) as bytes: where their sections stand. Events are stored as they came. */
import {
  checkValue,
  contentOf,
  describedValue,
  endOfValue,
  isBinary,
  isList,
  isMap,
  MalformedAmqpError,
  mapEntries,
} from './values.ts'

/** Descriptors (part 3, 3.2). */
export const SECTION = {
  header: 0x70,
  deliveryAnnotations: 0x71,
  messageAnnotations: 0x72,
  properties: 0x73,
  applicationProperties: 0x74,
  data: 0x75,
  sequence: 0x76,
  value: 0x77,
  footer: 0x78,
} as const

const NULL = 0x40

/** What each section may hold, by the constructor of its value (part 3, 3.2). */
const FORMS = new Map<number, (code: number | undefined) => boolean>([
  [SECTION.header, isList],
  [SECTION.deliveryAnnotations, isMap],
  [SECTION.messageAnnotations, isMap],
  [SECTION.properties, isList],
  [SECTION.applicationProperties, isMap],
  // JavaScript's client sends null for an event without a body, and the service takes it.
  [SECTION.data, (code) => isBinary(code) || code === NULL],
  [SECTION.sequence, isList],
  [SECTION.value, () => true],
  [SECTION.footer, isMap],
])

/** One section, by places in the message's bytes. */
export interface Section {
  descriptor: number
  /** Offsets of the section, of the described value inside, and behind it. */
  start: number
  value: number
  end: number
}

/** @throws MalformedAmqpError unless the bytes are a sequence of sections. */
export function* sections(bytes: Buffer): Generator<Section> {
  let start = 0
  while (start < bytes.length) {
    const value = describedValue(bytes, start)
    const descriptor = bytes[value - 1] as number
    const end = endOfValue(bytes, value)
    yield { descriptor, start, value, end }
    start = end
  }
}

/** What the SDKs put before a plain event: a header without fields, annotations without entries. */
export const PLAIN_FRONT = Buffer.from([0, 0x53, 0x70, 0x45, 0, 0x53, 0x72, 0xd1, 0, 0, 0, 4, 0, 0, 0, 0])

/** Whether it begins with {@link PLAIN_FRONT}. */
export const isPlain = (bytes: Buffer): boolean =>
  bytes.length >= PLAIN_FRONT.length &&
  bytes.compare(PLAIN_FRONT, 0, PLAIN_FRONT.length, 0, PLAIN_FRONT.length) === 0

const EMPTY_LIST = 0x45
const MAP_32 = 0xd1

/** @returns the place behind sections without content, which the SDKs put before their data. */
function behindEmpty(bytes: Buffer, start: number): number {
  let at = start
  while (at + 4 < bytes.length && bytes[at] === 0 && bytes[at + 1] === 0x53) {
    const descriptor = bytes[at + 2]
    const code = bytes[at + 3]
    const isMapSection =
      descriptor === SECTION.messageAnnotations || descriptor === SECTION.applicationProperties
    if ((descriptor === SECTION.header || descriptor === SECTION.properties) && code === EMPTY_LIST) at += 4
    else if (isMapSection && code === MAP_32 && isEmptyMap(bytes, at + 4)) at += 12
    else break
  }
  return at
}

const isEmptyMap = (bytes: Buffer, at: number) =>
  at + 8 <= bytes.length && bytes.readUInt32BE(at) === 4 && bytes.readUInt32BE(at + 4) === 0

const BINARY_8 = 0xa0
const BINARY_32 = 0xb0

/**
 * Where the content of a data section begins, when one stands at that place and all of it is there; 0: anything else. Nearly all
 * that senders bring is such sections, thousands a second: nothing is made for them.
 */
function dataAt(bytes: Buffer, at: number): number {
  if (bytes[at] !== 0 || bytes[at + 1] !== 0x53 || bytes[at + 2] !== SECTION.data) return 0
  const code = bytes[at + 3]
  if (code === BINARY_32 && at + 8 <= bytes.length)
    return at + 8 + bytes.readUInt32BE(at + 4) <= bytes.length ? at + 8 : 0
  if (code === BINARY_8 && at + 5 <= bytes.length)
    return at + 5 + (bytes[at + 4] as number) <= bytes.length ? at + 5 : 0
  return 0
}

/** Behind a section that {@link dataAt} has found. */
const endOfData = (bytes: Buffer, at: number, content: number): number =>
  content + (content - at === 8 ? bytes.readUInt32BE(at + 4) : (bytes[at + 4] as number))

const isBody = (descriptor: number) => descriptor >= SECTION.data && descriptor <= SECTION.value

/**
 * Checks an event so far that no client chokes on decoding it. Properties alone will do: AMQP wants a body (part 3, 3.2), but the service hands out
 * events of other libraries without one (azure-event-hubs-java, pull request 71), and AMQP.Net Lite sends them (its issue 629).
 * @throws MalformedAmqpError
 */
export function checkMessage(message: Buffer): void {
  const at = behindEmpty(message, 0)
  const content = dataAt(message, at)
  if (content > 0 && endOfData(message, at, content) === message.length) return
  if (message.length === 0) throw new MalformedAmqpError('the message is empty')
  checkSections(message)
}

/**
 * Checks a message that may have nothing at all in it, as a request may.
 * @throws MalformedAmqpError
 */
export function checkSections(message: Buffer): void {
  for (const { descriptor, value } of sections(message)) {
    const isRight = FORMS.get(descriptor)
    if (!isRight?.(message[value]))
      throw new MalformedAmqpError(`a section 0x${descriptor.toString(16)} of that form does not exist`)
    // A binary has nothing inside, and is long.
    if (descriptor !== SECTION.data) checkValue(message, value)
  }
}

/** Body of an encoded event: its data sections joined, or the text of an amqp-value. Empty when there is neither. */
export function messageBody(message: Uint8Array): Buffer {
  const bytes = asBuffer(message)
  const at = behindEmpty(bytes, 0)
  const content = dataAt(bytes, at)
  if (content > 0 && endOfData(bytes, at, content) === bytes.length) return bytes.subarray(content)
  const parts: Buffer[] = []
  for (const { descriptor, value } of sections(bytes)) {
    if (descriptor !== SECTION.data && descriptor !== SECTION.value) continue
    const part = contentOf(bytes, value)
    if (part) parts.push(part)
  }
  return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts)
}

/** The annotation by which the sender asks for a partition; undefined when there is none. */
export function partitionKeyOf(message: Buffer): string | undefined {
  const at = annotationOf(message, 'x-opt-partition-key')
  return at === undefined ? undefined : contentOf(message, at)?.toString('utf8')
}

/** Where the value of a message annotation stands; undefined when the message has none of that name. */
export function annotationOf(message: Buffer, name: string): number | undefined {
  for (const { descriptor, value } of sections(message)) {
    if (isBody(descriptor)) return undefined
    if (descriptor !== SECTION.messageAnnotations) continue
    for (const entry of mapEntries(message, value)) if (entry.name === name) return entry.value
  }
  return undefined
}

/**
 * The events inside a batch (message format 0x80013700): each data section is a whole encoded message.
 * @throws MalformedAmqpError when the envelope is broken, is empty, or holds a body of another kind.
 */
export function openBatch(envelope: Buffer): Buffer[] {
  const events: Buffer[] = []
  let at = behindEmpty(envelope, 0)
  for (let content = dataAt(envelope, at); content > 0; content = dataAt(envelope, at)) {
    const end = endOfData(envelope, at, content)
    events.push(envelope.subarray(content, end))
    at = end
  }
  const rest = envelope.subarray(at)
  for (const { descriptor, value } of sections(rest)) {
    if (!isBody(descriptor)) continue
    const event = descriptor === SECTION.data && isBinary(rest[value]) ? contentOf(rest, value) : undefined
    if (!event) throw new MalformedAmqpError('a batch holds binary data only')
    events.push(event)
  }
  if (events.length === 0) throw new MalformedAmqpError('the batch is empty')
  return events
}

/** The same bytes, not copied. */
export const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
