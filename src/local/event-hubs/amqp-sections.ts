/** Messages of AMQP 1.0 (OASIS, part 3) as bytes: where their sections stand. Events are stored as they came. */
import { checkValue, contentOf, endOfValue, MalformedAmqpError, mapEntries } from './amqp-values.ts'

export const SECTION = {
  header: 0x70,
  deliveryAnnotations: 0x71,
  messageAnnotations: 0x72,
  data: 0x75,
  sequence: 0x76,
  value: 0x77,
  footer: 0x78,
} as const

export interface Section {
  descriptor: number
  /** Offsets of the section, of the described value inside, and behind it. */
  start: number
  value: number
  end: number
}

/** @throws MalformedAmqpError when the bytes are no row of sections. */
export function* sections(bytes: Buffer): Generator<Section> {
  let start = 0
  while (start < bytes.length) {
    const value = valueOfSection(bytes, start)
    const descriptor = bytes[value - 1] as number
    const end = endOfValue(bytes, value)
    yield { descriptor, start, value, end }
    start = end
  }
}

/** A section is 0x00, a small (0x53) or wide (0x80) ulong as descriptor, and a value. */
function valueOfSection(bytes: Buffer, start: number): number {
  if (bytes[start] === 0x00 && bytes[start + 1] === 0x53 && start + 3 < bytes.length) return start + 3
  if (bytes[start] === 0x00 && bytes[start + 1] === 0x80 && start + 10 < bytes.length) return start + 10
  throw new MalformedAmqpError('a section has no numeric descriptor')
}

const isBody = (descriptor: number) => descriptor >= SECTION.data && descriptor <= SECTION.value

/**
 * Checks a message so far that no client chokes on decoding it.
 * @throws MalformedAmqpError
 */
export function checkMessage(message: Buffer): void {
  let bodies = 0
  for (const { descriptor, value } of sections(message)) {
    if (descriptor < SECTION.header || descriptor > SECTION.footer)
      throw new MalformedAmqpError(`there is no section 0x${descriptor.toString(16)}`)
    if (isBody(descriptor)) bodies++
    if (descriptor === SECTION.data) binary(message, value)
    else checkValue(message, value)
  }
  if (bodies === 0) throw new MalformedAmqpError('the message has no body')
}

function binary(message: Buffer, value: number): Buffer {
  const code = message[value]
  const content = code === 0xa0 || code === 0xb0 ? contentOf(message, value) : undefined
  if (!content) throw new MalformedAmqpError('a data section holds no binary')
  return content
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
  for (const { descriptor, value } of sections(message)) {
    if (isBody(descriptor)) return undefined
    if (descriptor !== SECTION.messageAnnotations) continue
    for (const entry of mapEntries(message, value))
      if (entry.name === 'x-opt-partition-key') return contentOf(message, entry.value)?.toString('utf8')
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
    if (descriptor !== SECTION.data) throw new MalformedAmqpError('a batch holds data sections only')
    events.push(binary(envelope, value))
  }
  if (events.length === 0) throw new MalformedAmqpError('the batch is empty')
  return events
}

/** The same bytes, not copied. */
export const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
