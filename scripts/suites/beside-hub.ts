/**
 * `beside-hub.ts COMMAND ARGUMENT…`, started by the runner in a network of its own: serves the built program on the ports that a host
 * name without one means, 5671 and 443, and runs the command. `{name}` in the values of RTSTREAM_SUITE_ENV (a JSON object) becomes what
 * `serve --json` prints under that name, `{key}` the hub's key. With `--closed` before the command the hub is elsewhere, on a free port.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'

const isClosed = process.argv[2] === '--closed'
const HUB_PORT = 5671
const WEBSOCKET_PORT = 443

const program = resolve(import.meta.dirname, '../../dist/bin.cjs')
const served = spawn(
  process.execPath,
  [program, 'serve', '--json', '--ephemeral', ...(isClosed ? [] : ['--hub-tls-port', String(HUB_PORT)])],
  { stdio: ['ignore', 'pipe', 'inherit'] },
)
const [line] = (await once(createInterface({ input: served.stdout }), 'line')) as [string]
const at = JSON.parse(line) as Record<string, string>
at.key = /SharedAccessKey=([^;]+)/.exec(at.eventHubsConnectionString ?? '')?.[1] ?? ''

// A WebSocket is told apart from AMQP by its first bytes, on one port.
const forward = createServer((socket) => {
  const far = connect(HUB_PORT, '127.0.0.1')
  for (const [one, other] of [
    [socket, far],
    [far, socket],
  ] as const)
    one.on('error', () => other.destroy()).pipe(other)
}).listen(WEBSOCKET_PORT, '127.0.0.1')
await once(forward, 'listening')

const wanted = JSON.parse(process.env.RTSTREAM_SUITE_ENV ?? '{}') as Record<string, string>
const env = Object.fromEntries(
  Object.entries(wanted).map(([name, value]) => [
    name,
    value.replace(/\{(\w+)\}/g, (_, field) => at[field] ?? ''),
  ]),
)
const [command = '', ...args] = process.argv.slice(isClosed ? 3 : 2)
const run = spawn(command, args, { stdio: 'inherit', env: { ...process.env, ...env } })
const [code] = (await once(run, 'exit')) as [number | null]
served.kill('SIGTERM')
await once(served, 'exit')
process.exit(code ?? 1)
