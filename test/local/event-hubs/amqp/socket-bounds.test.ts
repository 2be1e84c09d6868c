/** What waits on a connection is told whoever keeps the bound, inwards and outwards; beyond it the connection ends. */
import { Duplex } from 'node:stream'
import { expect, it, vi } from 'vitest'
import { AmqpSocket } from '../../../../src/local/event-hubs/amqp/socket.ts'
import { frame, HEADER } from '../raw-socket.ts'

/** A peer that reads nothing. */
function deaf(limitBytes: number) {
  const stream = new Duplex({ read() {}, write() {} })
  const refuse = vi.fn()
  const waits = vi.fn((bytes: number) => bytes <= limitBytes)
  const socket = new AmqpSocket(stream, refuse, { waits, opens: () => true })
  return { stream, socket, refuse, waits }
}

it('answers that nobody reads', async () => {
  const { socket, refuse, waits } = deaf(10_000)
  for (let answer = 1; answer <= 10; answer++) {
    socket.write(Buffer.alloc(1000))
    await new Promise(setImmediate)
    expect(waits).toHaveBeenLastCalledWith(answer * 1000)
  }
  expect(refuse).not.toHaveBeenCalled()
  socket.write(Buffer.alloc(1))
  await new Promise(setImmediate)
  expect(refuse.mock.calls).toEqual([['the peer does not read its answers']])
})

it('frames that have begun', async () => {
  const { stream, refuse, waits } = deaf(10_000)
  const whole = frame('open', { container_id: 'x'.repeat(20_000) })
  stream.push(Buffer.concat([HEADER, whole.subarray(0, 8000)]))
  await vi.waitFor(() => expect(waits).toHaveBeenLastCalledWith(8000))
  stream.push(whole.subarray(8000, 10_001))
  await vi.waitFor(() => expect(refuse.mock.calls).toEqual([['too much of what it began waits for its end']]))
  expect(waits).toHaveBeenLastCalledWith(10_001)
})
