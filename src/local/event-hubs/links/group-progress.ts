/** Who reads the hub, and how far: the consumer groups of both protocols in one form. */

export interface GroupProgress {
  name: string
  protocol: 'AMQP' | 'Kafka'
  /** Readers that are there now: receivers over AMQP, members of the group over Kafka. */
  members: number
  /**
   * By partition, the sequence number of the first event that the group has not read: over Kafka what it committed, over AMQP what was
   * handed to its slowest receiver. Partitions that nobody reads are missing: where an AMQP client goes on is its own secret.
   */
  next: Readonly<Record<string, number>>
}
