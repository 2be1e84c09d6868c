/**
 * How another command of ours talks to the instance that runs on a data folder: a local socket which only the user can
 * open. It hands out the session's endpoints with their secrets, so that no secret ever has to be written to a file.
 */
import { createHash } from 'node:crypto'
import { chmodSync, lstatSync, mkdirSync, rmSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LocalAzureEndpoints } from '../../local/runtime/options.ts'
import { UserError } from './user-error.ts'

/** With the secrets: only the same user can ask. */
export interface InstanceInfo {
  pid: number
  /** Epoch milliseconds. */
  startedAt: number
  endpoints: LocalAzureEndpoints
}

/** A Unix socket's path may be at most about 104 bytes long on every system we meet. */
const LONGEST_SOCKET_PATH = 100
/** Characters; an instance tells some hundreds about itself. */
const LONGEST_ANSWER = 1_000_000

/** Where the channel of a data folder is: a socket inside it, or a short stand-in where the path would be too long. */
export function channelPath(dataDir: string): string {
  const name = createHash('sha256').update(dataDir).digest('hex').slice(0, 16)
  if (process.platform === 'win32') return `\\\\.\\pipe\\rtstream-tui-${name}`
  const inside = join(dataDir, 'local', 'control.sock')
  if (Buffer.byteLength(inside) <= LONGEST_SOCKET_PATH) return inside
  return join(tmpdir(), `rtstream-tui-${process.getuid?.() ?? 0}`, `${name}.sock`)
}

/** Serves the channel; the caller holds the data folder's lock, so a socket that already exists is a dead one. */
export async function serveChannel(
  dataDir: string,
  info: () => InstanceInfo,
): Promise<{ close(): Promise<void> }> {
  const path = channelPath(dataDir)
  if (process.platform !== 'win32') {
    makeOwnFolder(join(path, '..'))
    rmSync(path, { force: true })
  }
  const sockets = new Set<Socket>()
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    // The instance ignores a reader that disconnects mid-answer.
    socket.on('error', () => socket.destroy())
    socket.end(`${JSON.stringify(info())}\n`)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, resolve)
  })
  if (process.platform !== 'win32') chmodSync(path, 0o600)
  server.unref()
  return {
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy()
        server.close(() => resolve())
      }),
  }
}

/** In the system's temporary folder anybody may have made it before: it must be ours, and no link to elsewhere. */
function makeOwnFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const found = lstatSync(folder)
  if (!found.isDirectory() || found.uid !== process.getuid?.())
    throw new UserError(
      `${folder} belongs to somebody else: the running instance cannot be found through it.`,
      'Remove it, set TMPDIR to a folder of your own, or choose a shorter path with --data-dir.',
    )
  chmodSync(folder, 0o700)
}

/**
 * Asks the instance on a data folder about itself; undefined when none runs there.
 * @throws UserError when one is there and says nothing: ctrl+z has put it to sleep, or the machine is too busy.
 */
export function askInstance(dataDir: string, timeoutMs = 3000): Promise<InstanceInfo | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect(channelPath(dataDir))
    let text = ''
    const finish = (info: InstanceInfo | undefined) => {
      socket.destroy()
      resolve(info)
    }
    socket.setTimeout(timeoutMs, () => {
      socket.destroy()
      reject(
        new UserError(
          `The rtstream-tui on ${dataDir} does not answer: it is asleep (ctrl+z) or too busy.`,
          'Wake it in its terminal (fg), or try again.',
        ),
      )
    })
    socket.setEncoding('utf8')
    socket.on('error', () => finish(undefined))
    socket.on('data', (chunk: string) => {
      text += chunk
      if (text.length > LONGEST_ANSWER) finish(undefined)
    })
    socket.on('end', () => {
      try {
        finish(JSON.parse(text) as InstanceInfo)
      } catch {
        finish(undefined)
      }
    })
  })
}
