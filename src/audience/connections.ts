/** Counts connections by address: beyond the limit they are told so, far beyond it they are cut. */
import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { LIMITS } from './limits.ts'

/** Times the limit up to which an address is answered at all. */
const ANSWERED = 2

/** Of one server. */
export class Connections {
  readonly #counts = new Map<string, number>()
  /** `address port` of connections beyond the limit. */
  readonly #surplus = new Set<string>()

  /** From now on; call it before the server listens. */
  watch(server: Server): void {
    server.maxConnections = LIMITS.connections
    server.on('connection', (socket: Socket) => this.#opened(socket))
  }

  /** Whether it was one too many of its address when it was opened. */
  isSurplus(socket: Socket): boolean {
    return this.#surplus.has(nameOf(socket))
  }

  #opened(socket: Socket): void {
    const address = socket.remoteAddress ?? ''
    const name = nameOf(socket)
    const count = (this.#counts.get(address) ?? 0) + 1
    this.#counts.set(address, count)
    socket.on('error', () => {})
    socket.once('close', () => {
      this.#surplus.delete(name)
      const left = (this.#counts.get(address) ?? 1) - 1
      if (left > 0) this.#counts.set(address, left)
      else this.#counts.delete(address)
    })
    if (count > ANSWERED * LIMITS.connectionsPerAddress) socket.destroy()
    else if (count > LIMITS.connectionsPerAddress) this.#surplus.add(name)
  }
}

/** Over TLS a request's socket is another object than the connection's. */
const nameOf = ({ remoteAddress, remotePort }: Socket) => `${remoteAddress} ${remotePort}`
