/** A peer of the hub that does what SDKs do not: rhea, used directly. */
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import rhea, { type Connection, type EventContext, type Receiver, type Sender } from 'rhea'
import { HUB, type HubFixture, KEY, KEY_NAME, TOKEN } from './hub-fixture.ts'

export const nextMessage = async (emitter: Receiver): Promise<EventContext> =>
  ((await once(emitter, 'message')) as [EventContext])[0]

/** A shared-access signature as the SDKs make it. */
export function signature(
  options: { resource?: string; key?: string; keyName?: string; expiresAt?: number } = {},
): string {
  const {
    resource = `sb://localhost/${HUB}`,
    key = KEY,
    keyName = KEY_NAME,
    // Far away, whatever the hub's clock says.
    expiresAt = 4_000_000_000_000,
  } = options
  const encoded = encodeURIComponent(resource)
  const expiry = Math.floor(expiresAt / 1000)
  const digest = createHmac('sha256', key).update(`${encoded}\n${expiry}`).digest('base64')
  return `SharedAccessSignature sr=${encoded}&sig=${encodeURIComponent(digest)}&se=${expiry}&skn=${keyName}`
}

export class RawClient {
  readonly connection: Connection
  #requests = 0

  /** @param options for rhea's connection. */
  constructor(hub: HubFixture, options: object = {}) {
    const container = rhea.create_container()
    // What the hub does to this connection is for the tests to look at, not an accident.
    for (const event of [
      'disconnected',
      'error',
      'connection_error',
      'session_error',
      'receiver_error',
      'sender_error',
    ])
      container.on(event, () => {})
    this.connection = container.connect({
      ...{ port: hub.ports.plain, host: 'localhost', reconnect: false },
      ...options,
    })
  }

  /** @returns the status code of the answer. */
  async putToken(token = TOKEN, type = 'jwt'): Promise<number> {
    const { application_properties } = await this.request(
      '$cbs',
      { operation: 'put-token', name: `sb://localhost/${HUB}`, type },
      token,
    )
    return Number(application_properties?.['status-code'])
  }

  async request(address: string, properties: Record<string, unknown>, body: unknown) {
    const name = `reply-${this.#requests++}`
    const receiver = this.connection.open_receiver({
      name,
      source: { address },
      target: { address: name },
    } as never)
    const sender = this.connection.open_sender({ name: `ask-${name}`, target: { address } } as never)
    const answer = nextMessage(receiver)
    await once(sender, 'sendable')
    sender.send({ message_id: name, reply_to: name, application_properties: properties, body } as never)
    const { message } = await answer
    receiver.close()
    sender.close()
    if (!message) throw new Error('an answer without a message')
    return message
  }

  /** A link for sending, once the hub has given credit. */
  async sender(address = `${HUB}/Partitions/0`): Promise<Sender> {
    const sender = this.connection.open_sender({ target: { address }, autosettle: true } as never)
    await once(sender, 'sendable')
    return sender
  }

  /** Without credit; give it with `add_credit`. */
  receiver(options: { partition?: number; group?: string; properties?: object } = {}): Receiver {
    const { partition = 0, group = '$Default', properties } = options
    return this.connection.open_receiver({
      source: { address: `${HUB}/ConsumerGroups/${group}/Partitions/${partition}` },
      credit_window: 0,
      ...(properties ? { properties } : {}),
    } as never)
  }

  close(): void {
    this.connection.close()
    // A hub that is gone never answers the close.
    ;(this.connection as unknown as { socket: { destroy(): void } }).socket.destroy()
  }
}

export interface Outcome {
  name: string
  error?: { condition: string; description: string }
}

/** What a sender hears of its message. */
export const outcome = (sender: Sender): Promise<Outcome> =>
  new Promise((resolve) => {
    for (const name of ['accepted', 'rejected', 'released'])
      sender.once(name, (context: EventContext) => {
        const state = (context.delivery as unknown as { remote_state?: Outcome }).remote_state
        const { condition, description } = state?.error ?? {}
        resolve({
          name,
          ...(condition === undefined || description === undefined
            ? {}
            : { error: { condition, description } }),
        })
      })
  })
