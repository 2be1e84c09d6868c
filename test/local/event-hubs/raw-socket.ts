/** A peer of the hub that writes bytes of its own making. */
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { connect, type Socket } from 'node:net'

export const HEADER = Buffer.from([0x41, 0x4d, 0x51, 0x50, 0, 1, 0, 0])
export const SASL_HEADER = Buffer.from([0x41, 0x4d, 0x51, 0x50, 3, 1, 0, 0])

/** A frame around content that nobody checks. @param type 0: AMQP, 1: SASL. */
export function rawFrame(content: Buffer, { channel = 0, type = 0, size = content.length + 8 } = {}): Buffer {
  const head = Buffer.alloc(8)
  head.writeUInt32BE(size, 0)
  head[4] = 2
  head[5] = type
  head.writeUInt16BE(channel, 6)
  return Buffer.concat([head, content])
}

type Fields = Record<string, unknown>
type FrameName =
  | 'open'
  | 'begin'
  | 'attach'
  | 'flow'
  | 'transfer'
  | 'disposition'
  | 'detach'
  | 'end'
  | 'close'
interface Frames extends Record<FrameName, (fields: Fields) => object> {
  amqp_frame(channel: number, performative: object, payload?: Buffer): object
  write_frame(frame: object): Buffer
  read_frame(bytes: Buffer): { performative?: Fields; payload?: Buffer }
}
// The library's own encoder, for frames that are well-formed and ill-meant.
const frames = createRequire(import.meta.url)('rhea/lib/frames.js') as Frames

export const frame = (
  name: FrameName,
  fields: Fields,
  { channel = 0, payload }: { channel?: number; payload?: Buffer } = {},
): Buffer => frames.write_frame(frames.amqp_frame(channel, frames[name](fields), payload))

/** Header, open and one session. */
export const opening = (begin: Fields = {}) =>
  Buffer.concat([
    HEADER,
    frame('open', { container_id: 'raw' }),
    frame('begin', { next_outgoing_id: 0, incoming_window: 2048, outgoing_window: 2048, ...begin }),
  ])

/** A link on which the peer sends; to `$cbs` everybody may. */
export const attachTo = (address: string, handle = 0, fields: Fields = {}) =>
  frame('attach', {
    name: `link-${handle}`,
    handle,
    role: false,
    initial_delivery_count: 0,
    ...terminus(address),
    ...fields,
  })

/** A link on which the peer waits for answers of `$cbs`. */
export const attachFromCbs = (handle = 1) =>
  frame('attach', { name: `link-${handle}`, handle, role: true, ...terminus('$cbs') })

/** A link from whatever that is, in place of a node. */
export const attachFrom = (source: unknown) =>
  frame('attach', { name: 'link-0', handle: 0, role: true, source })

function terminus(address: string): Fields {
  const { source, target } = createRequire(import.meta.url)('rhea/lib/terminus.js') as Record<
    'source' | 'target',
    (fields: Fields) => { described(): unknown }
  >
  return { source: source({ address }).described(), target: target({ address }).described() }
}

export class RawSocket {
  readonly socket: Socket
  /** Everything that the hub has answered. */
  answered = Buffer.alloc(0)
  readonly closed: Promise<void>

  static async open(port: number): Promise<RawSocket> {
    const socket = connect(port, 'localhost')
    await once(socket, 'connect')
    return new RawSocket(socket)
  }

  private constructor(socket: Socket) {
    this.socket = socket
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()))
    // Being cut off is what the tests want to see.
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      this.answered = Buffer.concat([this.answered, chunk])
    })
  }

  /** The whole frames of one kind among the answers, behind the protocol's header. */
  heard(name: FrameName): Fields[] {
    return [...this.#frames()].filter((one) => one.name === name).map(({ fields }) => fields)
  }

  /** The kinds of all whole frames, as they came. */
  get order(): string[] {
    return [...this.#frames()].map(({ name }) => name)
  }

  *#frames(): Generator<{ name: string; fields: Fields }> {
    for (let at = HEADER.length; at + 4 <= this.answered.length; ) {
      const end = at + this.answered.readUInt32BE(at)
      if (end > this.answered.length) break
      const { performative } = frames.read_frame(this.answered.subarray(at, end))
      if (performative) {
        const [name = ''] = String(performative.constructor).split('#')
        yield { name, fields: performative }
      }
      at = end
    }
  }

  write(...parts: Buffer[]): void {
    this.socket.write(Buffer.concat(parts))
  }

  destroy(): void {
    this.socket.destroy()
  }
}
