/** What the presenter decides reaches the phones, and is held to. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ANIMALS } from '../../src/audience/animals.ts'
import { LIMITS } from '../../src/audience/limits.ts'
import { made, type RoomFixture, RULES, startRoom } from './room-fixture.ts'

let room: RoomFixture
beforeEach(async () => {
  room = await startRoom()
})
afterEach(() => room.close())

const send = (secret: string, changes: object = {}, count = 1) =>
  room.request('readings', {
    secret,
    json: { readings: Array.from({ length: count }, () => made(changes)) },
  })

/** What the room tells a phone: names of events, and their data. */
async function listen(secret: string) {
  const response = await room.request('events', { secret })
  let text = ''
  const ended = (async () => {
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>)
      text += Buffer.from(chunk).toString()
  })().catch(() => {})
  const heard = (event: string) =>
    text
      .split('\n\n')
      .filter((part) => part.includes(`event: ${event}\n`))
      .map((part) => JSON.parse(/^data: (.*)$/m.exec(part)?.[1] ?? '{}'))
  return { heard, ended }
}

describe('the rules', () => {
  it('are told to a phone that comes, and to those that are there when they change', async () => {
    const { secret } = await room.join()
    const { heard } = await listen(secret)
    await vi.waitFor(() => expect(heard('rules')).toHaveLength(1), 20_000)
    expect(heard('rules')[0]).toMatchObject({ isPaused: false, readingsPerSecond: 5 })
    expect(heard('rules')[0].rubbish).toContain('blank city')
    room.opened.room.setRules({ ...RULES, isMischiefAllowed: false })
    await vi.waitFor(() => expect(heard('rules')).toHaveLength(2), 20_000)
    expect(heard('rules')[1].rubbish).toEqual([])
    expect((await send(secret, { rubbish: 'blank city' })).status).toBe(403)
    expect((await send(secret)).status).toBe(202)
    room.opened.room.setRules(RULES)
    expect((await send(secret, { rubbish: 'blank city' })).status).toBe(202)
  })

  it('paused takes nothing, and says that it is for now', async () => {
    const { secret } = await room.join()
    room.opened.room.setRules({ ...RULES, isPaused: true })
    const refused = await send(secret)
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1'])
    expect(await refused.json()).toEqual({ error: 'The presenter has paused the room.' })
    expect(room.readings).toEqual([])
    room.opened.room.setRules(RULES)
    expect((await send(secret)).status).toBe(202)
  })

  it('has a rate for each phone, which may change', async () => {
    const { secret } = await room.join()
    expect((await send(secret, {}, 10)).status).toBe(202)
    expect((await send(secret, {}, 10)).status).toBe(202)
    expect((await send(secret, {}, 10)).status).toBe(429)
    room.opened.room.setRules({ ...RULES, readingsPerSecond: 50 })
    expect((await send(secret, {}, 10)).status).toBe(202)
    const told = await vi.waitFor(async () => {
      const refused = await send(secret, {}, 10)
      expect(refused.status).toBe(429)
      return refused.json()
    }, 20_000)
    expect(told).toEqual({ error: 'More than 50 readings a second. Wait a moment.' })
  })
})

describe('a phone that is removed', () => {
  it('is told, its stream ends, and it is known no more, also after a restart', async () => {
    const [one, other] = [await room.join(), await room.join()]
    const { heard, ended } = await listen(one.secret)
    await vi.waitFor(() => expect(heard('you')).toHaveLength(1), 20_000)
    room.opened.room.remove(one.deviceId)
    await vi.waitFor(() => expect(heard('removed')).toHaveLength(1), 20_000)
    await ended
    expect((await send(one.secret)).status).toBe(404)
    expect((await send(other.secret)).status).toBe(202)
    expect(room.phones().map(({ deviceId }) => deviceId)).toEqual([other.deviceId])
    await room.opened.close()
    const again = await startRoom({ folder: room.folder })
    // The connection of before may be tried once more.
    const known = await vi.waitFor(() => again.request('me', { secret: one.secret }), 20_000)
    expect(known.status).toBe(404)
    // A number is not given twice.
    expect((await again.join()).deviceId).toBe('phone-0003')
    await again.close()
    room = await startRoom()
  })
})

describe('names', () => {
  it('are those of animals: any, or one that is free', async () => {
    expect(ANIMALS).toContain((await room.join()).name)
    const offered = (await (await room.request('room')).json()) as { names: string[]; hasOwnNames: boolean }
    expect(offered.hasOwnNames).toBe(false)
    expect(offered.names).toHaveLength(ANIMALS.length - 1)
    const [free = ''] = offered.names
    expect((await room.join('Bern', free)).name).toBe(free)
    const taken = await room.request('join', { json: { city: 'Bern', name: free } })
    expect([taken.status, await taken.json()]).toEqual([
      409,
      { error: expect.stringMatching(/Another phone/) },
    ])
    const own = await room.request('join', { json: { city: 'Bern', name: 'Ada' } })
    expect([own.status, await own.json()]).toEqual([400, { error: expect.stringMatching(/animals/) }])
  })

  it('may be own ones where the presenter says so, of letters and digits, once each', async () => {
    room.opened.room.setRules({ ...RULES, hasOwnNames: true })
    expect((await room.join('Bern', 'Ada 2')).name).toBe('Ada 2')
    for (const name of ['ADA 2', 'Ada 2 '])
      expect((await room.request('join', { json: { city: 'Bern', name } })).status).toBe(409)
    for (const name of [
      '<b>Ada</b>',
      'Ada\x1b[2J',
      'Ada\u202e',
      'Ada\nEve',
      "Ada'); DROP TABLE x",
      'A'.repeat(21),
      '\u200b',
      'A\u0000',
    ])
      expect((await room.request('join', { json: { city: 'Bern', name } })).status, name).toBe(400)
    expect(room.phones().map(({ name }) => name)).toEqual(['Ada 2'])
  })

  it('are cleared: every phone is told the animal that it is now', async () => {
    room.opened.room.setRules({ ...RULES, hasOwnNames: true })
    const { secret } = await room.join('Bern', 'Rude')
    await room.join('Bern', 'Ruder')
    const { heard } = await listen(secret)
    await vi.waitFor(() => expect(heard('you')).toHaveLength(1), 20_000)
    room.opened.room.clearNames()
    await vi.waitFor(() => expect(heard('you')).toHaveLength(2), 20_000)
    const names = room.phones().map(({ name }) => name)
    expect(ANIMALS).toContain(heard('you')[1].name)
    expect(names.every((name) => (ANIMALS as readonly string[]).includes(name))).toBe(true)
    expect(new Set(names).size).toBe(2)
    expect(await (await room.request('me', { secret })).json()).toMatchObject({ name: names[0] })
  })

  it('last for more phones than there are animals', async () => {
    for (let count = 0; count < LIMITS.phones; count++) await room.join()
    expect(new Set(room.phones().map(({ name }) => name)).size).toBe(LIMITS.phones)
    room.opened.room.clearNames()
    expect(new Set(room.phones().map(({ name }) => name)).size).toBe(LIMITS.phones)
  })
})
