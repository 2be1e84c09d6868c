/** One AMQP connection’s bytes: whole frames in, bounded answers out. */
import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { checkValue, describedValue, isList } from './values.ts'

/** What the hub negotiates (`max-frame-size`); longer frames are refused. */
export const FRAME_BYTES = 65_536
const HEAD_BYTES = 8
const PROTOCOL = 0x414d5150 // 'AMQP'
/** Version 1.0 of AMQP itself, and of SASL before it; the other versions of the header name older protocols. */
const VERSIONS = new Set(['0 1.0.0', '3 1.0.0'])
/** What is spoken here: SASL first. */
const SPOKEN = Buffer.from([0x41, 0x4d, 0x51, 0x50, 3, 1, 0, 0])
/** A peer that does not read gets no more events once so much waits for it. */
const CLOGGED_BYTES = 1_000_000
/** Limit for a peer that keeps asking and never reads the answers. */
const MAX_BACKLOG_BYTES = 16_000_000
const UNREAD = 'the peer does not read its answers'
/** How long a peer may take to close its side after ours. */
const LINGER_MS = 1000
/** Frames whose values the library keeps: open, begin, attach (part 2, 2.7). */
const OPENINGS = new Set([0x10, 0x11, 0x12])
/** A session or a link takes so much of the budget, however short its frame is. */
const OPENING_BYTES = 512

/** What the peer may have the hub keep. Both tell whether that is still within the bounds. */
export interface PeerMemory {
  /** So many bytes wait at present: of frames that have not ended, and of answers that are not read. */
  waits(bytes: number): boolean
  /** So many more are kept as long as the connection. */
  opens(bytes: number): boolean
}

/**
 * Stands between a connection's socket and the protocol library. Inwards, only whole frames pass, of a size that was agreed
 * on and with content that can be decoded in time and memory that follow its length. Outwards, what is written in one turn
 * leaves in one piece. Emits what the library listens to, `drain`, and `close` once at the end of every connection.
 */
export class AmqpSocket extends EventEmitter {
  readonly #socket: Duplex
  readonly #refuse: (reason: string) => void
  readonly #memory: PeerMemory
  #waiting: Buffer[] = []
  #waitingBytes = 0
  #wanted = HEAD_BYTES
  #headers = 0
  #outgoing: Buffer[] = []
  #outgoingBytes = 0
  #isEnded = false
  #isGone = false

  /** @param refuse told once why the connection is ended, when it is for something that the peer sent. */
  constructor(socket: Duplex, refuse: (reason: string) => void, memory: PeerMemory) {
    super()
    this.#socket = socket
    this.#refuse = refuse
    this.#memory = memory
    socket.on('data', this.#take)
    socket.on('drain', () => {
      this.#holdWhatWaits()
      this.emit('drain')
    })
    // The library frees its timers on an error or an end; a socket that is just gone makes neither.
    socket.on('error', (error) => this.#leave('error', error))
    socket.on('close', () => this.#leave('end'))
  }

  /** True while the peer leaves too much unread; `drain` tells that it has caught up. */
  get isClogged(): boolean {
    return this.#socket.writableLength > CLOGGED_BYTES
  }

  /**
   * Sent at the end of this turn, together with what is still to come. @returns true: how much may wait is
   * bounded by the memory budget.
   */
  write(bytes: Buffer): boolean {
    this.#outgoingBytes += bytes.length
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
    this.#waitingBytes = 0
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
    this.#outgoingBytes = 0
    if (chunks.length === 0 || !this.#socket.writable) return
    this.#socket.write(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks))
    this.#holdWhatWaits()
  }

  #holdWhatWaits(): void {
    const { writableLength } = this.#socket
    if (this.#memory.waits(this.#waitingBytes + this.#outgoingBytes + writableLength) || this.#isEnded) return
    this.#fail(writableLength > this.#waitingBytes ? UNREAD : 'too much of what it began waits for its end')
  }

  #fail(reason: string): void {
    this.#refuse(reason)
    this.end()
  }

  #take = (chunk: Buffer): void => {
    if (this.#socket.writableLength > MAX_BACKLOG_BYTES) {
      this.#fail(UNREAD)
      return
    }
    this.#waiting.push(chunk)
    this.#waitingBytes += chunk.length
    if (this.#waitingBytes >= this.#wanted) this.#pass()
    this.#holdWhatWaits()
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
        end += unit === 0 ? this.#header(bytes.subarray(end, end + HEAD_BYTES)) : unit
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
    if (this.#headers === 0) this.#refuseVersion('it begins with no protocol header')
    if (size < HEAD_BYTES || size > FRAME_BYTES) throw new Error(`a frame of ${size} bytes`)
    const end = start + size
    if (end <= bytes.length) {
      const content = start + (bytes[start + 4] as number) * 4
      if (content < start + HEAD_BYTES || content > end)
        throw new Error('a frame without a place for its content')
      // A frame without content keeps the connection alive.
      if (content < end && OPENINGS.has(checkPerformative(bytes.subarray(0, end), content)))
        if (!this.#memory.opens(Math.max(size, OPENING_BYTES)))
          throw new Error('too many sessions and links, or too long ones, without a proof')
    }
    return size
  }

  /** SASL's and AMQP's own: no connection needs more. */
  #header(bytes: Buffer): number {
    if (++this.#headers > 2) throw new Error('a third protocol header')
    const [id, ...numbers] = bytes.subarray(4)
    const version = `${id} ${numbers.join('.')}`
    if (!VERSIONS.has(version)) this.#refuseVersion(`the version ${version} of the protocol, in place of 1.0`)
    return HEAD_BYTES
  }

  /** The peer learns which version is spoken, before its connection ends (part 2, 2.2). */
  #refuseVersion(reason: string): never {
    this.write(SPOKEN)
    throw new Error(reason)
  }
}

/** What a frame asks for: a list of a numbered kind. A payload may follow. @returns the number. */
function checkPerformative(frame: Buffer, start: number): number {
  const value = describedValue(frame, start)
  if (!isList(frame[value])) throw new Error('a performative is not a list')
  checkValue(frame, start)
  return frame[value - 1] as number
}
