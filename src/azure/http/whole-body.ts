/** Reads the body of an answer to its end, or gives it up. */
import type { Readable } from 'node:stream'

/** When a body is given up; whoever asks says how that is told. */
export interface BodyBounds {
  bytes: number
  tooLong(): Error
  /** Left out when the request has a signal that bounds its time. */
  time?: BodyTime
}

/** How long a body may take. */
export interface BodyTime {
  /** Without a single byte (ms). */
  silenceMs: number
  /** From now to the last byte (ms). */
  wholeMs: number
  halted(): Error
  tooSlow(): Error
}

/**
 * By the stream's events: iterating over it costs more than all else about a small answer.
 * @throws what the bounds say, and what the stream fails with; what is left of it is not fetched.
 */
export function wholeBody(stream: NodeJS.ReadableStream, bounds: BodyBounds): Promise<Buffer> {
  const body = stream as Readable
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  const chunks: Buffer[] = []
  let bytes = 0
  const { time } = bounds
  const whole = time && setTimeout(() => body.destroy(time.tooSlow()), Math.max(0, time.wholeMs))
  const silence = time && setTimeout(() => body.destroy(time.halted()), time.silenceMs)
  body.on('data', (chunk: Buffer) => {
    silence?.refresh()
    bytes += chunk.length
    if (bytes > bounds.bytes) body.destroy(bounds.tooLong())
    else chunks.push(chunk)
  })
  body.once('end', () => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)))
  body.once('error', reject)
  // After an end or an error it says nothing new.
  body.once('close', () => {
    clearTimeout(whole)
    clearTimeout(silence)
    reject(Object.assign(new Error('The connection was closed.'), { code: 'ECONNRESET' }))
  })
  return promise
}
