/** A client of the hub that sends the same encoded batch over and over: what it does itself is next to nothing. */
import rhea, { type Connection, type Sender } from 'rhea'

export interface BareOptions {
  port: number
  token: string
  hub: string
  partition: string
  /** Encoded, of {@link BATCH_FORMAT}. */
  batch: Buffer
}

/** `message-format` of a batch: each data section is a whole encoded message. */
const BATCH_FORMAT = 0x80013700
/** Batches on the way at a time. */
const UNDER_WAY = 4

/** A batch of equal events. @param events how many. @param body bytes of each. */
export function encodeBatch(events: number, body: Buffer): Buffer {
  // As the SDK encodes it: with annotations, though there are none.
  const event = rhea.message.encode({
    message_annotations: {},
    body: rhea.message.data_section(body),
  } as never)
  return rhea.message.encode({ body: rhea.message.data_sections(Array(events).fill(event)) })
}

/** Signs in as the SDK does, and sends until the time is over. @returns batches that the hub has accepted. */
export async function sendBatches(options: BareOptions, seconds: number): Promise<number> {
  const connection = await connected(options.port)
  try {
    const audience = `sb://rtstream-local.servicebus.windows.net/${options.hub}`
    await authorize(connection, audience, options.token)
    const sender = connection.open_sender({
      target: { address: `${options.hub}/Partitions/${options.partition}` },
      autosettle: true,
    })
    return await untilOver(sender, options.batch, seconds)
  } finally {
    connection.close()
  }
}

function connected(port: number): Promise<Connection> {
  const container = rhea.create_container()
  const connection = container.connect({
    host: 'localhost',
    port,
    transport: 'tls',
    hostname: 'rtstream-local.servicebus.windows.net',
    servername: 'localhost',
    username: undefined,
    reconnect: false,
  } as never)
  return new Promise((resolve, reject) => {
    connection.once('connection_open', () => resolve(connection))
    connection.once('disconnected', ({ error }) =>
      reject(error ?? new Error('the hub closed the connection')),
    )
    connection.on('connection_error', ({ connection: failed }) => reject(failed.error))
  })
}

function authorize(connection: Connection, audience: string, token: string): Promise<void> {
  const sender = connection.open_sender('$cbs')
  const receiver = connection.open_receiver({ source: { address: '$cbs' }, target: { address: 'reply' } })
  return new Promise((resolve, reject) => {
    receiver.once('message', ({ message }) => {
      const status = Number(message?.application_properties?.['status-code'])
      if (status === 200 || status === 202) resolve()
      else reject(new Error(`the token was answered with ${status}`))
    })
    sender.once('sendable', () =>
      sender.send({
        message_id: 'token',
        reply_to: 'reply',
        application_properties: { operation: 'put-token', type: 'jwt', name: audience },
        body: token,
      }),
    )
  })
}

function untilOver(sender: Sender, batch: Buffer, seconds: number): Promise<number> {
  const end = performance.now() + seconds * 1000
  let [sent, accepted] = [0, 0]
  return new Promise((resolve, reject) => {
    const go = () => {
      while (performance.now() < end && sent - accepted < UNDER_WAY && sender.sendable()) {
        sender.send(batch as never, undefined, BATCH_FORMAT)
        sent++
      }
      if (performance.now() >= end && sent === accepted) resolve(accepted)
    }
    sender.on('sendable', go)
    sender.on('accepted', () => {
      accepted++
      go()
    })
    sender.on('rejected', ({ delivery }) => reject(new Error(JSON.stringify(delivery?.remote_state))))
    sender.on('sender_error', ({ sender: failed }) => reject(failed?.error))
  })
}
