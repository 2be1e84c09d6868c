/** What a peer can make the hub keep: next to nothing before its proof, a bound for all together, and all of it is given back. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import rhea from 'rhea'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { WebSocket } from 'ws'
import { MemoryBudget } from '../../src/local/event-hubs/amqp/memory-budget.ts'
import { HUB, TOKEN } from '../local/event-hubs/hub-names.ts'
import { attachFromCbs, attachTo, frame, HEADER, opening, RawSocket } from '../local/event-hubs/raw-socket.ts'

const MB = 1024 * 1024

let folder: string
let hub: ChildProcess
let port: number
const sockets: RawSocket[] = []
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rtstream-hub-'))
  hub = fork(new URL('../local/event-hubs/hub-process.ts', import.meta.url), [folder], {
    execArgv: ['--expose-gc'],
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  })
  port = Number(String((await once(hub.stdout as NodeJS.ReadableStream, 'data'))[0]))
})
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  hub.kill('SIGKILL')
  await once(hub, 'exit')
  rmSync(folder, { recursive: true })
})

/** Bytes of buffers that the hub keeps. */
async function memory(): Promise<number> {
  hub.send('memory')
  return ((await once(hub, 'message')) as [{ arrayBuffers: number }])[0].arrayBuffers
}

const keepsLessThan = (bytes: number, before: number) =>
  vi.waitFor(async () => expect((await memory()) - before).toBeLessThan(bytes), 20_000)

async function raw(): Promise<RawSocket> {
  const socket = await RawSocket.open(port)
  sockets.push(socket)
  return socket
}

const WINDOWS = { next_outgoing_id: 0, incoming_window: 2048, outgoing_window: 2048 }
const session = (channel: number) => frame('begin', WINDOWS, { channel })

/** A delivery that never ends, on a link of its own. */
const begun = (handle: number, id: number, payload: Buffer) =>
  frame('transfer', { handle, delivery_id: id, delivery_tag: Buffer.from([1]), more: true }, { payload })

it('twelve peers without a proof that begin a thousand deliveries each are cut off, and nothing is kept', async () => {
  const before = await memory()
  const part = Buffer.alloc(60_000, 7)
  const peers = await Promise.all(Array.from({ length: 12 }, raw))
  for (const peer of peers) {
    peer.write(opening())
    for (let link = 0; link < 250; link++) peer.write(attachTo('$cbs', link), begun(link, link, part))
    for (const channel of [1, 2, 3]) peer.write(session(channel))
  }
  await Promise.all(peers.map(({ closed }) => closed))
  await keepsLessThan(2 * MB, before)
}, 30_000)

it('peers that stay below their own bound share one: the hub keeps some megabytes for all of them', async () => {
  const before = await memory()
  const peers = await Promise.all(Array.from({ length: 150 }, raw))
  for (const peer of peers) {
    peer.write(opening())
    for (let link = 0; link < 4; link++)
      peer.write(attachTo('$cbs', link), begun(link, link, Buffer.alloc(60_000)))
  }
  // 36 MB in all: some are cut off. What was read and not yet looked at comes on top of the bound.
  await Promise.any(peers.map(({ closed }) => closed))
  await keepsLessThan(20 * MB, before)
}, 30_000)

it('of frames that have begun and not ended too', async () => {
  const before = await memory()
  const peers = await Promise.all(Array.from({ length: 190 }, raw))
  // 12 MB in all: some are cut off, and what they sent is given back.
  const cut = frame('open', { container_id: 'x'.repeat(65_400) }).subarray(0, -1)
  for (const peer of peers) peer.write(HEADER, cut)
  await Promise.any(peers.map(({ closed }) => closed))
  await keepsLessThan(9 * MB, before)
}, 30_000)

it.each([
  [
    'a connection',
    (values: Record<string, unknown>) => [HEADER, frame('open', { container_id: 'raw', ...values })],
  ],
  [
    'a session',
    (values: Record<string, unknown>) => [
      opening(),
      frame('begin', { ...WINDOWS, ...values }, { channel: 1 }),
    ],
  ],
  ['a link', (values: Record<string, unknown>) => [opening(), attachTo('$cbs', 0, values)]],
])(
  'a peer without a proof that opens %s with many values is cut off before the hub decodes them',
  async (_, opened) => {
    const peer = await raw()
    const many = (count: number) => ({ properties: { many: Array.from({ length: count }, () => 7) } })
    peer.write(...opened(many(200)))
    await vi.waitFor(() => expect(peer.answered.length).toBeGreaterThan(50), 20_000)
    const other = await raw()
    other.write(...opened(many(25_000)))
    await other.closed
  },
  30_000,
)

it('a peer without a proof opens few sessions, one after the other too', async () => {
  const peer = await raw()
  const end = frame('end', {}, { channel: 1 })
  peer.write(opening(), ...Array.from({ length: 150 }, () => Buffer.concat([session(1), end])))
  await peer.closed
}, 30_000)

it('of a message beyond the link’s max-message-size nothing more is kept, also from a peer with a proof; it is told so', async () => {
  const before = await memory()
  const peer = await raw()
  const token = rhea.message.encode({
    message_id: 'm',
    reply_to: 'link-1',
    application_properties: { operation: 'put-token', name: `sb://localhost/${HUB}`, type: 'jwt' },
    body: TOKEN,
  } as never) as unknown as Buffer
  const proof = frame(
    'transfer',
    { handle: 0, delivery_id: 0, delivery_tag: Buffer.from([0]) },
    { payload: token },
  )
  peer.write(opening(), attachFromCbs(1), attachTo('$cbs', 0), proof, attachTo(`${HUB}/Partitions/0`, 2))
  const answer = () => peer.answered.toString('latin1')
  const part = Buffer.alloc(60_000, 7)
  for (let sent = 0; sent < 40 * MB; sent += part.length) peer.write(begun(2, 1, part))
  // Written behind them and answered: all of them have been read.
  peer.write(attachTo('$management', 3))
  await vi.waitFor(() => expect(answer()).toContain('$management'), 20_000)
  await keepsLessThan(2 * MB, before)
  peer.write(frame('transfer', { handle: 2, delivery_id: 1, more: false }, { payload: part }))
  await vi.waitFor(() => expect(answer()).toContain('amqp:link:message-size-exceeded'), 20_000)
  await keepsLessThan(2 * MB, before)
}, 60_000)

it('parts without content count too', async () => {
  const peer = await raw()
  peer.write(opening(), attachTo('$cbs'))
  const empty = Buffer.concat(
    Array.from({ length: 2000 }, () => frame('transfer', { handle: 0, delivery_id: 0, more: true })),
  )
  peer.write(empty)
  await peer.closed
}, 30_000)

it('a WebSocket message without an end is cut off before the proof, long before its own limit', async () => {
  const socket = new WebSocket(`ws://localhost:${port}/$servicebus/websocket`, 'AMQPWSB10')
  socket.on('error', () => {})
  await once(socket, 'open')
  const closed = once(socket, 'close')
  for (let part = 0; part < 40; part++) socket.send(Buffer.alloc(50_000), { fin: false })
  await closed
}, 30_000)

it('a budget is of each and of all, smaller before the proof, and given back', () => {
  const budget = new MemoryBudget({
    unproved: { connection: 10, all: 15 },
    proved: { connection: 100, all: 150 },
  })
  const [a, b, c] = [{}, {}, {}]
  expect(budget.hold(a, 10, false)).toBe(true)
  expect(budget.hold(a, 11, false)).toBe(false)
  expect(budget.hold(a, 8, false)).toBe(true)
  expect(budget.hold(b, 8, false)).toBe(false)
  // The same peer with a proof counts among the others.
  expect(budget.hold(b, 8, true)).toBe(true)
  expect(budget.hold(b, 101, true)).toBe(false)
  expect(budget.hold(b, 100, true)).toBe(true)
  expect(budget.hold(c, 43, true)).toBe(false)
  budget.release(c)
  budget.release(b)
  budget.release(b)
  expect(budget.bytes).toBe(8)
  expect(budget.hold(c, 100, true)).toBe(true)
})
