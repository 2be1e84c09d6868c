import type { IncomingMessage } from 'node:http'

/** The path at the address by which the client reached this server, for links in answers. HTTP/1.0 need not name a host. */
export const selfUrl = ({ headers, socket }: IncomingMessage, path: string) =>
  `https://${headers.host ?? `localhost:${socket.localPort}`}${path}`
