/** A TCP link between a client and a port on loopback that can be cut and mended: a network that goes away for a while. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { Transform } from 'node:stream'

export interface CuttableLink {
  port: number
  /** Cuts what is open and refuses what comes, until {@link CuttableLink.mend}. */
  cut(): void
  mend(): void
  close(): Promise<void>
}

/** @param lateMs what the far end says comes so much later, as over a long way. */
export async function startCuttableLink(
  targetPort: number,
  host = '127.0.0.1',
  lateMs = 0,
): Promise<CuttableLink> {
  const sockets = new Set<Socket>()
  let isCut = false
  const drop = () => {
    for (const socket of sockets) socket.destroy()
    sockets.clear()
  }
  const keep = (socket: Socket, other: Socket) => {
    sockets.add(socket)
    socket
      .on('error', () => other.destroy())
      .on('close', () => {
        sockets.delete(socket)
        // What is still on its way comes before the end.
        setTimeout(() => other.destroy(), 2 * lateMs)
      })
  }
  const server = createServer((near) => {
    if (isCut) {
      near.destroy()
      return
    }
    const far = connect(targetPort, host)
    keep(near, far)
    keep(far, near)
    near.pipe(far)
    if (lateMs === 0) far.pipe(near)
    else far.pipe(late(lateMs)).pipe(near)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    cut: () => {
      isCut = true
      drop()
    },
    mend: () => {
      isCut = false
    },
    close: async () => {
      drop()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const late = (ms: number) =>
  new Transform({ transform: (chunk, _, passOn) => void setTimeout(() => passOn(null, chunk), ms) })
