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

const isBody = (descriptor: number) => descriptor >= SECTION.data && descriptor <= SECTION.value

/**
 * Checks an event so far that no client chokes on decoding it.
 * @throws MalformedAmqpError
 */
export function checkMessage(message: Buffer): void {
  if (checkSections(message) === 0) throw new MalformedAmqpError('the message has no body')
}

/**
 * Checks a message whose body may be missing, as in the requests of the Python SDK.
 * @returns how many bodies it has.
 * @throws MalformedAmqpError
 */
export function checkSections(message: Buffer): number {
  let bodies = 0
  for (const { descriptor, value } of sections(message)) {
    const isRight = FORMS.get(descriptor)
    if (!isRight?.(message[value]))
      throw new MalformedAmqpError(`a section 0x${descriptor.toString(16)} of that form does not exist`)
    if (isBody(descriptor)) bodies++
    // A binary has nothing inside, and is long.
    if (descriptor !== SECTION.data) checkValue(message, value)
  }
  return bodies
}

/** Body of an encoded event: its data sections joined, or the text of an amqp-value. Empty when there is neither. */
export function messageBody(message: Uint8Array): Buffer {
  const bytes = asBuffer(message)
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
  for (const { descriptor, value } of sections(envelope)) {
    if (!isBody(descriptor)) continue
    const event =
      descriptor === SECTION.data && isBinary(envelope[value]) ? contentOf(envelope, value) : undefined
    if (!event) throw new MalformedAmqpError('a batch holds binary data only')
    events.push(event)
  }
  if (events.length === 0) throw new MalformedAmqpError('the batch is empty')
  return events
}

/** The same bytes, not copied. */
export const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
