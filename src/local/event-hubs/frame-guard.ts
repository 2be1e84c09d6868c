import type { Socket } from 'node:net'

/** Larger than any frame that the hub negotiates, smaller than anything that could hurt. */
const MAX_FRAME_BYTES = 256 * 1024
const HEADER = Buffer.from('AMQP')

/**
 * Watches the frame sizes of a connection before the protocol library buffers them: bytes that are no AMQP, and frames of
 * absurd size, end the connection at once. Must be attached before the library's own listener.
 * @param refuse is told why, for the log.
 */
export function guardFrames(socket: Socket, refuse: (reason: string) => void): void {
  let head = Buffer.alloc(0)
  let left = 0
  const end = (reason: string) => {
    socket.off('data', look)
    refuse(reason)
    socket.destroy(new Error(reason))
  }
  const look = (chunk: Buffer) => {
    let offset = 0
    while (offset < chunk.length) {
      if (left > 0) {
        const taken = Math.min(left, chunk.length - offset)
        left -= taken
        offset += taken
        continue
      }
      const wanted = 8 - head.length
      head = Buffer.concat([head, chunk.subarray(offset, offset + wanted)])
      offset += wanted
      if (head.length < 8) return
      if (!head.subarray(0, 4).equals(HEADER)) {
        const size = head.readUInt32BE(0)
        if (size < 8 || size > MAX_FRAME_BYTES) return end(`a frame of ${size} bytes`)
        left = size - 8
      }
      head = Buffer.alloc(0)
    }
  }
  socket.on('data', look)
}
