/** Listening on the loopback addresses of both families, on one port. */
import type { AddressInfo, Server } from 'node:net'
import { networkInterfaces } from 'node:os'

/** A local server cannot have the port that was asked for. */
export class PortTakenError extends Error {
  override readonly name = 'PortTakenError'
  readonly hint = 'Free the port, or let rtstream-tui take a free one (leave the port option out).'
}

const FREE_PORT_TRIES = 10

const hasIpv6Loopback = () =>
  Object.values(networkInterfaces()).some((list) => list?.some(({ address }) => address === '::1'))

/**
 * Listens on 127.0.0.1, and on ::1 where there is one, with the same port.
 * @param listen opens one server; rejects with the system's error.
 * @param port 0 = a free port, on both addresses.
 * @throws PortTakenError
 */
export async function listenOnLoopback(
  name: string,
  port: number,
  listen: (at: { port: number; host: string }) => Promise<Server>,
): Promise<{ port: number; servers: Server[]; close(): void }> {
  for (let tries = 1; ; tries++) {
    const servers: Server[] = []
    try {
      const first = await listen({ port, host: '127.0.0.1' })
      servers.push(first)
      const bound = (first.address() as AddressInfo).port
      if (hasIpv6Loopback()) servers.push(await listen({ port: bound, host: '::1' }))
      return {
        port: bound,
        servers,
        close: () => {
          for (const server of servers) server.close()
        },
      }
    } catch (error) {
      for (const server of servers) server.close()
      const { code } = error as NodeJS.ErrnoException
      // A free port of one family may be taken in the other: try another.
      if (code === 'EADDRINUSE' && port === 0 && tries < FREE_PORT_TRIES) continue
      if (code === 'EADDRINUSE' || code === 'EACCES')
        throw new PortTakenError(
          `Port ${port} for ${name} is ${code === 'EACCES' ? 'not allowed' : 'taken by another program'}.`,
          { cause: error },
        )
      throw error
    }
  }
}
