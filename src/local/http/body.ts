/** Reads what a request brings, within bounds. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { HttpError } from './errors.ts'

/** A body that should have been a JSON object. */
export class JsonBodyError extends HttpError {
  /** It is JSON, but no object. */
  readonly isJson: boolean

  constructor(isJson: boolean, cause?: unknown) {
    super(400, 'InvalidRequestContent', `The request body is not ${isJson ? 'a JSON object' : 'JSON'}.`, {
      cause,
    })
    this.isJson = isJson
  }
}

/** Enough for every JSON request of the management services but a notebook's source. */
const JSON_LIMIT_BYTES = 10 * 1024 * 1024

const waiting = new WeakMap<IncomingMessage, ServerResponse>()

/**
 * A client with `Expect: 100-continue` holds its body back: it is asked for when somebody reads it, so a request that is
 * refused, or has none, gets one answer. (Some clients take that for a body when the other stands right before it.)
 */
export function askForBodyWhenRead(request: IncomingMessage, response: ServerResponse): void {
  if (Number(request.headers['content-length'] ?? 1) > 0) waiting.set(request, response)
}

/** Reads the whole body. @throws HttpError as {@link readPieces} */
export async function readBody(request: IncomingMessage, limitBytes: number): Promise<Buffer> {
  const pieces = await readPieces(request, limitBytes)
  return pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces)
}

/**
 * Reads the whole body, without putting it together.
 * @param onPiece is given each piece as it comes; what it throws ends the reading.
 * @throws HttpError 413 above `limitBytes`, without reading on.
 */
export async function readPieces(
  request: IncomingMessage,
  limitBytes: number,
  onPiece: (piece: Buffer) => void = () => {},
): Promise<Buffer[]> {
  const tooLarge = () =>
    new HttpError(413, 'RequestBodyTooLarge', `The request body exceeds the limit of ${limitBytes} bytes.`)
  if (Number(request.headers['content-length'] ?? 0) > limitBytes) throw tooLarge()
  waiting.get(request)?.writeContinue()
  waiting.delete(request)
  const pieces: Buffer[] = []
  let size = 0
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    const piece = chunk as Buffer
    size += piece.length
    if (size > limitBytes) throw tooLarge()
    onPiece(piece)
    pieces.push(piece)
  }
  return pieces
}

/** Of the body of a refused request: most clients send on until all is sent, and only then hear why it was refused. */
const DRAIN_LIMIT_BYTES = 256 * 1024 * 1024
const DRAIN_LIMIT_MS = 20_000

/**
 * Reads the rest of an unwanted body, up to a limit of bytes and of time. Not where the client waits to be asked for its body.
 * @param limits for tests.
 */
export function drainBody(
  request: IncomingMessage,
  limits: { bytes: number; ms: number } = { bytes: DRAIN_LIMIT_BYTES, ms: DRAIN_LIMIT_MS },
): Promise<void> {
  const length = Number(request.headers['content-length'] ?? 0)
  if (request.complete || request.destroyed || waiting.has(request) || length > limits.bytes)
    return Promise.resolve()
  return new Promise((done) => {
    let bytes = 0
    const stop = () => {
      clearTimeout(timer)
      request.off('data', count).off('end', stop).off('close', stop).off('error', stop)
      request.pause()
      done()
    }
    const count = (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > limits.bytes) stop()
    }
    const timer = setTimeout(stop, limits.ms)
    request.on('data', count).once('end', stop).once('close', stop).once('error', stop)
    request.resume()
  })
}

/**
 * Reads a posted form (`multipart/form-data`), whose parts may be files.
 * @throws HttpError 400 for anything but such a form, 413 above the limit.
 */
export async function readForm(request: IncomingMessage, limitBytes = JSON_LIMIT_BYTES): Promise<FormData> {
  const body = await readBody(request, limitBytes)
  const type = request.headers['content-type'] ?? ''
  try {
    return await new Response(new Uint8Array(body), { headers: { 'content-type': type } }).formData()
  } catch (cause) {
    throw new HttpError(400, 'InvalidRequestContent', 'The request body is not a form.', { cause })
  }
}

/** Its parts have to be taken apart; any other body is the content itself. */
export const isForm = ({ headers }: IncomingMessage) =>
  /^multipart\/form-data\b/i.test(headers['content-type'] ?? '')

/**
 * Reads a JSON object; no body at all gives `{}`, as the services take it.
 * @throws HttpError 400 for anything but a JSON object, 413 above the limit.
 */
export async function readJson(
  request: IncomingMessage,
  limitBytes = JSON_LIMIT_BYTES,
): Promise<Record<string, unknown>> {
  const text = (await readBody(request, limitBytes)).toString('utf8')
  if (text.trim() === '') return {}
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new JsonBodyError(false, cause)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new JsonBodyError(true)
  return value as Record<string, unknown>
}

/** For members of a request's JSON, which may be anything. */
export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
