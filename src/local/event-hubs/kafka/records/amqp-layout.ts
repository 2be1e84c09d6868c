/** How Kafka's parts of an event lie in its AMQP message: value ↔ body, key ↔ partition key, headers ↔ application properties. */

/** The message annotation that holds it, as text. */
export const PARTITION_KEY = 'x-opt-partition-key'
/**
 * Annotation beside the partition key: the very bytes of a key that is no text. Every AMQP client takes the partition key for
 * a text, and Kafka's clients must get back what they sent.
 */
export const KAFKA_KEY = 'x-opt-kafka-key'

/** Constructors of AMQP's values (part 1, 1.6) that occur in every event. */
export const TYPE = {
  described: 0x00,
  null: 0x40,
  list0: 0x45,
  smallUlong: 0x53,
  ulong: 0x80,
  vbin8: 0xa0,
  str8: 0xa1,
  sym8: 0xa3,
  vbin32: 0xb0,
  str32: 0xb1,
  map8: 0xc1,
  map32: 0xd1,
} as const
