/** A consumer over real AMQP that asks for events of every partition and never takes one: its credit is used up at once. */
import { createConnection } from 'node:net'
import rhea, { type Connection, type EventContext } from 'rhea'
import type { FaultDeed } from './fault-switch.ts'

export interface StuckConsumerOptions {
  /** Of the hub without TLS. */
  port: () => number
  hubName: string
  consumerGroup: string
  partitions: number
  /** Bearer token of the session. */
  token: string
}

/** Deliveries that it asks for and then leaves lying. */
const CREDIT = 5

/** One connection, for as long as the fault lasts. */
export function stuckConsumer(options: StuckConsumerOptions): FaultDeed {
  let connection: Connection | undefined
  return {
    begin: () => {
      connection = attach(options)
    },
    end: () => {
      connection?.close()
      connection = undefined
    },
  }
}

function attach({ port, hubName, consumerGroup, partitions, token }: StuckConsumerOptions): Connection {
  const container = rhea.create_container({ id: 'stuck-consumer' })
  // Without a listener the library prints to the console, or throws.
  for (const event of ['disconnected', 'error', 'connection_error', 'session_error', 'receiver_error'])
    container.on(event, () => {})
  container.on('connection_open', ({ connection }: EventContext) => {
    connection.open_receiver({ source: { address: '$cbs' }, target: { address: 'stuck' } })
    const sender = connection.open_sender({ target: { address: '$cbs' } })
    sender.once('sendable', () =>
      sender.send({
        message_id: 'proof',
        reply_to: 'stuck',
        application_properties: {
          operation: 'put-token',
          type: 'jwt',
          name: `amqp://localhost/${hubName}`,
        },
        body: token,
      }),
    )
  })
  container.once('message', ({ connection }: EventContext) => {
    for (let partition = 0; partition < partitions; partition++)
      connection
        .open_receiver({
          source: { address: `${hubName}/ConsumerGroups/${consumerGroup}/Partitions/${partition}` },
          credit_window: 0,
          autoaccept: false,
        })
        .add_credit(CREDIT)
  })
  return container.connect({
    reconnect: false,
    connection_details: () => {
      const at = { host: '127.0.0.1', port: port() }
      type Connect = (port: number, host: string, options: unknown, connected: () => void) => unknown
      // The library begins to speak once it is told that the connection is there.
      const connect: Connect = (_port, _host, _options, connected) => createConnection(at, connected)
      return { ...at, connect }
    },
  } as never)
}
