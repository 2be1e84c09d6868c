import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { checkValue, describedValue, isList } from './values.ts'

/** What the hub negotiates (`max-frame-size`); longer frames are refused. */
export const FRAME_BYTES = 65_536
const HEAD_BYTES = 8
const PROTOCOL = 0x414d5150 // 'AMQP'
/** A peer that does not read gets no more events once so much waits for it. */
const CLOGGED_BYTES = 1_000_000
/** Limit for a peer that keeps asking and never reads the answers. */
const MAX_BACKLOG_BYTES = 16_000_000
/** How long a peer may take to close its side after ours. */
const LINGER_MS = 1000

/**
 * Stands between a connection's socket and the protocol library. Inwards, only whole frames pass, of a size that was agreed
 * on and with content that can be decoded in time and memory that follow its length. Outwards, what is written in one turn
 * leaves in one piece. Emits what the library listens to, `drain`, and `close` once at the end of every connection.
 */
export class AmqpSocket extends EventEmitter {
  readonly #socket: Duplex
  readonly #refuse: (reason: string) => void
  #waiting: Buffer[] = []
  #waitingBytes = 0
  #wanted = HEAD_BYTES
  #headers = 0
  #outgoing: Buffer[] = []
  #isEnded = false
  #isGone = false

  /** @param refuse told once why the connection is ended, when it is for something that the peer sent. */
  constructor(socket: Duplex, refuse: (reason: string) => void) {
    super()
    this.#socket = socket
    this.#refuse = refuse
    socket.on('data', this.#take)
    socket.on('drain', () => this.emit('drain'))
    // The library frees its timers on an error or an end; a socket that is just gone makes neither.
    socket.on('error', (error) => this.#leave('error', error))
    socket.on('close', () => this.#leave('end'))
  }

  /** True while the peer leaves too much unread; `drain` tells that it has caught up. */
  get isClogged(): boolean {
    return this.#socket.writableLength > CLOGGED_BYTES
  }

  write(bytes: Buffer): boolean {
    if (this.#outgoing.push(bytes) === 1) process.nextTick(() => this.#flush())
    return true
  }

  /** Sends what is left, hears no more, and closes. */
  end(): void {
    if (this.#isEnded) return
    this.#isEnded = true
    this.#socket.off('data', this.#take)
    this.#socket.resume()
    this.#waiting = []
    this.#flush()
    this.#socket.end()
    const timer = setTimeout(() => this.#socket.destroy(), LINGER_MS)
    this.#socket.once('close', () => clearTimeout(timer))
  }

  /** Named for the library's debug log. */
  get_id_string(): string {
    const { remoteAddress, remotePort } = this.#socket as Partial<Socket>
    return `${remoteAddress}:${remotePort}`
  }

  #leave(event: 'error' | 'end', error?: Error): void {
    if (this.#isGone) return
    this.#isGone = true
    this.emit(event, error)
    this.emit('close')
  }

  #flush(): void {
    const chunks = this.#outgoing
    this.#outgoing = []
    if (chunks.length > 0 && this.#socket.writable)
      this.#socket.write(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks))
  }

  #fail(reason: string): void {
    this.#refuse(reason)
    this.end()
  }

  #take = (chunk: Buffer): void => {
    if (this.#socket.writableLength > MAX_BACKLOG_BYTES) {
      this.#fail('the peer does not read its answers')
      return
    }
    this.#waiting.push(chunk)
    this.#waitingBytes += chunk.length
    if (this.#waitingBytes >= this.#wanted) this.#pass()
  }

  #pass = (): void => {
    if (this.#isEnded) return
    const bytes = this.#waiting.length === 1 ? (this.#waiting[0] as Buffer) : Buffer.concat(this.#waiting)
    let end = 0
    let isHeld = false
    try {
      while (bytes.length - end >= HEAD_BYTES) {
        const unit = this.#unit(bytes, end)
        if (unit > bytes.length - end) break
        // A second protocol header may follow on SASL's heels; the library must have ended SASL first, a turn later.
        isHeld = unit === 0 && end > 0
        if (isHeld) break
        end += unit === 0 ? this.#header() : unit
      }
    } catch (error) {
      this.#fail(`what was sent is not AMQP: ${(error as Error).message}`)
      return
    }
    const rest = bytes.subarray(end)
    this.#waiting = rest.length > 0 ? [rest] : []
    this.#waitingBytes = rest.length
    this.#wanted = rest.length < HEAD_BYTES || isHeld ? HEAD_BYTES : rest.readUInt32BE(0)
    if (end > 0) this.emit('data', bytes.subarray(0, end))
    if (isHeld) setImmediate(this.#pass)
  }

  /** @returns length of the frame at that place, checked when it is all there; 0 for a protocol header. */
  #unit(bytes: Buffer, start: number): number {
    const size = bytes.readUInt32BE(start)
    if (size === PROTOCOL) return 0
    if (this.#headers === 0) throw new Error('it begins with no protocol header')
    if (size < HEAD_BYTES || size > FRAME_BYTES) throw new Error(`a frame of ${size} bytes`)
    const end = start + size
    if (end <= bytes.length) {
      const content = start + (bytes[start + 4] as number) * 4
      if (content < start + HEAD_BYTES || content > end)
        throw new Error('a frame without a place for its content')
      // A frame without content keeps the connection alive.
      if (content < end) checkPerformative(bytes.subarray(0, end), content)
    }
    return size
  }

  /** SASL's and AMQP's own: no connection needs more. */
  #header(): number {
    if (++this.#headers > 2) throw new Error('a third protocol header')
    return HEAD_BYTES
  }
}

/** What a frame asks for: a list of a numbered kind. A payload may follow. */
function checkPerformative(frame: Buffer, start: number): void {
  if (!isList(frame[describedValue(frame, start)])) throw new Error('a performative is not a list')
  checkValue(frame, start)
}
