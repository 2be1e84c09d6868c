/** A phone's link to the room, over real sockets and without a page. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Link } from '../../src/audience/page/link.ts'
import { joinRoom, type SimulatedPhone } from '../support/phones.ts'
import { type RoomFixture, RULES, startRoom } from './room-fixture.ts'

let room: RoomFixture
let phone: SimulatedPhone
beforeEach(async () => {
  room = await startRoom()
  phone = await joinRoom(room.opened.url, 0)
  // What is sent before the stream is open is sent again then.
  await vi.waitFor(() => expect(phone.isThere).toBe(true), 20_000)
})
afterEach(async () => {
  phone.close()
  await room.close()
})

const acknowledge = (eventId: string) =>
  room.opened.room.progress([{ deviceId: phone.deviceId, eventId, step: 'hub', text: '', at: 0 }])

it('frees its connection with every answer: one reading after the other comes through', async () => {
  for (let count = 1; count <= 8; count++) {
    const id = phone.send()
    await vi.waitFor(() => expect(room.readings.at(-1)?.eventId).toBe(id), 20_000)
  }
  expect(room.readings).toHaveLength(8)
})

it('keeps what the room refuses for now, and what the hub does not have yet', async () => {
  room.opened.room.setRules({ ...RULES, isPaused: true })
  const id = phone.send()
  await vi.waitFor(() => expect(phone.heard).toContain('rules'), 20_000)
  expect(phone.link.kept.map((one) => one.id)).toEqual([id])
  room.opened.room.setRules(RULES)
  await vi.waitFor(() => expect(room.readings.map(({ eventId }) => eventId)).toEqual([id]), 20_000)
  expect(phone.link.kept).toHaveLength(1)
  acknowledge(id)
  await vi.waitFor(() => expect(phone.link.kept).toEqual([]), 20_000)
})

it('says what the room says when it refuses to be listened to, and that it does not answer only then', async () => {
  const told: string[] = []
  const refusals = [429, undefined]
  const waits: (() => void)[] = []
  const link = new Link({
    ask: async () => {
      const status = refusals.shift()
      if (status === undefined) throw new Error('no route')
      return Response.json({ error: 'Too many connections from this address.' }, { status })
    },
    load: () => null,
    save: () => {},
    wait: () => new Promise((resolve) => waits.push(resolve)),
    onEvent: () => {},
    onRefused: () => {},
    onNotice: (text) => told.push(text),
  })
  void link.listen()
  await vi.waitFor(() => expect(waits).toHaveLength(1), 20_000)
  waits[0]?.()
  await vi.waitFor(() => expect(waits).toHaveLength(2), 20_000)
  expect(told).toEqual(['Too many connections from this address.', 'The room does not answer. Trying again.'])
})

it('leaves a room that it hears nothing of any more, and asks for it anew', async () => {
  let asked = 0
  let send: ReadableStreamDefaultController<Uint8Array> | undefined
  const cancelled = vi.fn()
  const waits: { ms: number; end: () => void }[] = []
  const told: string[] = []
  const link = new Link({
    ask: async () => {
      asked++
      const start = (controller: ReadableStreamDefaultController<Uint8Array>) => {
        send = controller
      }
      return new Response(new ReadableStream({ start, cancel: cancelled }))
    },
    load: () => null,
    save: () => {},
    wait: (ms) => new Promise((resolve) => waits.push({ ms, end: resolve })),
    onEvent: (event) => told.push(event),
    onRefused: () => {},
    onNotice: () => {},
  })
  void link.listen()
  const nextWait = async () => {
    await vi.waitFor(() => expect(waits).toHaveLength(1), 20_000)
    return waits.shift()
  }
  const first = await nextWait()
  send?.enqueue(new TextEncoder().encode('event: still\ndata: {}\n\n'))
  await vi.waitFor(() => expect(told).toEqual(['still']), 20_000)
  first?.end()
  const second = await nextWait()
  expect([cancelled.mock.calls.length, second?.ms]).toEqual([0, 30_000])
  second?.end()
  const retry = await nextWait()
  expect([cancelled.mock.calls.length, retry?.ms, asked]).toEqual([1, 500, 1])
  retry?.end()
  await vi.waitFor(() => expect(asked).toBe(2), 20_000)
  link.leave()
})

it('joins and sends where the browser forbids to keep anything', async () => {
  const denied = () => {
    throw new Error('SecurityError: denied')
  }
  const phone = await joinRoom(room.opened.url, 1, { load: denied, save: denied })
  try {
    expect(phone.deviceId).not.toBe('')
    await vi.waitFor(() => expect(phone.isThere).toBe(true), 20_000)
    const id = phone.send()
    await vi.waitFor(() => expect(room.readings.map(({ eventId }) => eventId)).toEqual([id]), 20_000)
  } finally {
    phone.close()
  }
})

it('gives up what is refused for good, and says why', async () => {
  room.opened.room.setRules({ ...RULES, isMischiefAllowed: false })
  const id = phone.send({ rubbish: 'not JSON' })
  await vi.waitFor(() => expect(phone.refused).toEqual([`${id}: Mischief is not allowed now.`]), 20_000)
  expect(phone.link.kept).toEqual([])
})
