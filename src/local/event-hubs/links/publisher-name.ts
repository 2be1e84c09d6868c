/** Events of a publisher, who sends to an address of its own (`weather/Publishers/station-7`): they stay in one partition and bear its name. */
import { SECTION, sections } from '../amqp/sections.ts'
import { mapEntries } from '../amqp/values.ts'
import { mapSection } from './delivery.ts'

const PUBLISHER = 'x-opt-publisher'
/** The publisher's name is its partition key. https://learn.microsoft.com/azure/event-hubs/event-hubs-features#publisher-policy */
const PARTITION_KEY = 'x-opt-partition-key'

/** The message with the publisher's name in its annotations, whatever the sender said there. */
export function withPublisher(message: Buffer, publisher: string): Buffer {
  const annotations = [PUBLISHER, PARTITION_KEY].flatMap((name) => [symbol(name), text(publisher)])
  const before: Buffer[] = []
  const behind: Buffer[] = []
  for (const { descriptor, start, value, end } of sections(message))
    if (descriptor === SECTION.messageAnnotations) annotations.push(...otherEntries(message, value))
    else (descriptor < SECTION.messageAnnotations ? before : behind).push(message.subarray(start, end))
  return Buffer.concat([...before, mapSection(SECTION.messageAnnotations, annotations), ...behind])
}

const otherEntries = (message: Buffer, map: number): Buffer[] =>
  [...mapEntries(message, map)]
    .filter(({ name }) => name !== PUBLISHER && name !== PARTITION_KEY)
    .flatMap(({ key, value, end }) => [message.subarray(key, value), message.subarray(value, end)])

const symbol = (name: string): Buffer =>
  Buffer.concat([Buffer.from([0xa3, name.length]), Buffer.from(name, 'ascii')])

function text(value: string): Buffer {
  const bytes = Buffer.from(value)
  const head = Buffer.from([0xb1, 0, 0, 0, 0])
  head.writeUInt32BE(bytes.length, 1)
  return Buffer.concat([head, bytes])
}
