/**
 * Events of the hub as Kafka records, and the other way round: value ↔ body, key ↔ partition key, headers ↔ application
 * properties. https://learn.microsoft.com/azure/event-hubs/event-hubs-exchange-events-different-protocols
 */
import rhea, { type Message } from 'rhea'
import { dataSection, ValueReader } from '../amqp/library.ts'
import { asBuffer, messageBody, SECTION, sections } from '../amqp/sections.ts'
import { contentOf, mapEntries } from '../amqp/values.ts'
import type { KafkaHeader, KafkaRecord } from './record-batch.ts'

const PARTITION_KEY = 'x-opt-partition-key'
const NULL = 0x40

/** The event as other protocols see it: an encoded AMQP message. A null body stays null. */
export function messageOf({ key, value, headers }: KafkaRecord): Buffer {
  const message: Message = { body: dataSection(value ?? null) }
  if (key) message.message_annotations = { [PARTITION_KEY]: rhea.types.wrap_string(key.toString('utf8')) }
  if (headers.length > 0)
    message.application_properties = Object.fromEntries(
      headers.map(({ name, value: bytes }) => [name, bytes && rhea.types.wrap_binary(bytes)]),
    )
  return rhea.message.encode(message)
}

/**
 * Walks the message instead of decoding it. A body of several data sections is joined, as for every reader of the hub;
 * properties of text or bytes are their bytes, others their text.
 */
export function recordOf(message: Uint8Array): KafkaRecord {
  const bytes = asBuffer(message)
  let key: Buffer | undefined
  let hasBody = false
  const headers: KafkaHeader[] = []
  for (const { descriptor, value } of sections(bytes)) {
    if (descriptor === SECTION.messageAnnotations) {
      for (const entry of mapEntries(bytes, value))
        if (entry.name === PARTITION_KEY) key = contentOf(bytes, entry.value)
    } else if (descriptor === SECTION.applicationProperties) {
      for (const entry of mapEntries(bytes, value))
        headers.push({ name: entry.name, value: headerValue(bytes, entry.value, entry.end) })
    } else if (descriptor >= SECTION.data && descriptor <= SECTION.value && bytes[value] !== NULL)
      hasBody = true
  }
  return { key, value: hasBody ? messageBody(bytes) : undefined, headers }
}

function headerValue(bytes: Buffer, start: number, end: number): Buffer | undefined {
  if (bytes[start] === NULL) return undefined
  const content = contentOf(bytes, start)
  if (content) return content
  const { value } = new ValueReader(bytes.subarray(start, end)).read()
  return Buffer.from(value instanceof Date ? value.toISOString() : String(value))
}
