/** AMQP over WebSockets, as Event Hubs has it: one path, AMQP's bytes as binary messages. */
import { createServer, type IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Logger } from 'pino'
import { createWebSocketStream, WebSocketServer } from 'ws'
import { refuseForeignOrigin } from '../../http/origin.ts'

/** The path alone, or the whole address, as Java's client writes it (RFC 9112, 3.2.2: a server takes both). */
const PATH = /^(?:https?:\/\/[^/?#]+)?\/\$servicebus\/websocket\/?(?:\?.*)?$/i
/** The draft's name, which most clients have kept, and that of the OASIS binding, which Go's documentation gives. */
const SUBPROTOCOLS = ['AMQPWSB10', 'amqp']
/** A message carries what the client wrote at once: some frames of the size that was agreed on. */
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024
const MAX_HEADER_BYTES = 16 * 1024

/** Takes a connection that speaks AMQP. @returns whether so many bytes of a message that has begun may be kept. */
export type Accept = (stream: Duplex) => (begun: number) => boolean

/** @returns what takes a connection whose first bytes are HTTP. */
export function webSocketDoor(options: { logger: Logger; accept: Accept }): (stream: Duplex) => void {
  const { logger, accept } = options
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
    handleProtocols: (offered) => SUBPROTOCOLS.find((one) => offered.has(one)) ?? false,
  })
  const server = createServer({ maxHeaderSize: MAX_HEADER_BYTES }, (request, response) => {
    logger.warn({ reason: `${request.method} is served nowhere` }, 'event hub: HTTP refused')
    response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' })
    response.end('This is an event hub: AMQP, and AMQP over WebSockets at /$servicebus/websocket.\n')
  })
  server.on('clientError', (error, socket) => {
    logger.warn({ reason: error.message }, 'event hub: HTTP refused')
    socket.destroy()
  })
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const refusal = refusalOf(request)
    if (refusal) {
      logger.warn({ reason: refusal.reason }, 'event hub: WebSocket refused')
      socket.end(`HTTP/1.1 ${refusal.status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
      return
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      const mayKeep = accept(createWebSocketStream(webSocket))
      let begun = 0
      webSocket.on('message', () => {
        begun = 0
      })
      socket.on('data', (chunk: Buffer) => {
        begun += chunk.length
        if (mayKeep(begun)) return
        logger.warn({ reason: 'too much of messages that have begun' }, 'event hub: WebSocket refused')
        socket.destroy()
      })
    })
  })
  return (stream) => {
    server.emit('connection', stream)
    stream.resume()
  }
}

function refusalOf(request: IncomingMessage): { status: string; reason: string } | undefined {
  try {
    refuseForeignOrigin(request)
  } catch (error) {
    return { status: '403 Forbidden', reason: (error as Error).message }
  }
  if (!PATH.test(request.url ?? '')) return { status: '404 Not Found', reason: `no path of the hub` }
  const offered = String(request.headers['sec-websocket-protocol'] ?? '').split(',')
  if (!offered.some((one) => SUBPROTOCOLS.includes(one.trim())))
    return {
      status: '400 Bad Request',
      reason: `neither subprotocol was offered: ${SUBPROTOCOLS.join(', ')}`,
    }
  return undefined
}
