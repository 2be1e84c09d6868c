/** The room's rules, over real sockets: who gets in, what is taken, how much, and what is told. */
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Guesses, LIMITS } from '../../src/audience/limits.ts'
import type { FromRoom } from '../../src/audience/messages.ts'
import { type Phone, Phones } from '../../src/audience/phones.ts'
import { isCode, newCode } from '../../src/audience/room-code.ts'
import { openRoom } from '../../src/audience/server.ts'
import { freePort } from '../support/free-port.ts'
import { made, type RoomFixture, RULES, startRoom } from './room-fixture.ts'

let room: RoomFixture
beforeEach(async () => {
  room = await startRoom()
})
afterEach(() => room.close())

const base = () => new URL(room.opened.url)

/** `fetch` sets the Host header itself. */
const withHost = (host: string) =>
  new Promise<number>((resolve, reject) => {
    const { hostname, port, pathname } = base()
    httpRequest({ host: hostname, port, path: pathname, headers: { host } }, (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
      .on('error', reject)
      .end()
  })

describe('the file of the phones', () => {
  it('is written when something has changed, and only then', () => {
    const file = join(room.folder, 'phones.json')
    const phones = new Phones(file, 5, 0)
    phones.save()
    const { ino } = statSync(file)
    phones.save()
    expect(statSync(file).ino).toBe(ino)
    const { phone } = phones.join({ city: 'Bern' }, 0) as { phone: Phone }
    phones.numberOf(phone, 'one')
    phones.save()
    expect(readFileSync(file, 'utf8')).toContain('"next":1')
  })

  it('is made with its folder: on Azure nobody else has made that', async () => {
    const stateFile = join(room.folder, 'not', 'there', 'audience.json')
    const input = { host: '127.0.0.1', port: 0, stateFile, pageFolder: room.folder, tls: undefined }
    const other = await openRoom({ ...input, rules: RULES }, () => {}, { save: 20 })
    expect(existsSync(stateFile)).toBe(true)
    await other.close()
  })

  it('that cannot be written is told, and the room goes on', async () => {
    const told: FromRoom[] = []
    const stateFile = join(room.folder, 'away', 'audience.json')
    mkdirSync(dirname(stateFile))
    const input = { host: '127.0.0.1', port: 0, stateFile, pageFolder: room.folder, tls: undefined }
    const other = await openRoom({ ...input, rules: RULES }, (message) => told.push(message), { save: 20 })
    const joined = await fetch(`${other.url}join`, { method: 'POST', body: '{"city":"Bern"}' })
    const { secret } = (await joined.json()) as { secret: string }
    // Where the folder was stands a file: it can be neither written nor made anew.
    rmSync(dirname(stateFile), { recursive: true })
    writeFileSync(dirname(stateFile), '')
    const headers = { 'x-phone': secret }
    const body = JSON.stringify({ readings: [made()] })
    expect((await fetch(`${other.url}readings`, { method: 'POST', headers, body })).status).toBe(202)
    await vi.waitFor(
      () =>
        expect(told).toContainEqual({
          type: 'log',
          message: expect.stringMatching(/not be saved: E(EXIST|NOTDIR)/),
        }),
      20_000,
    )
    expect((await fetch(`${other.url}me`, { headers })).status).toBe(200)
    const second = await fetch(`${other.url}join`, { method: 'POST', body: '{"city":"Rome"}' })
    expect(second.status).toBe(200)
    other.room.clearNames()
    other.room.remove(((await second.json()) as Phone).deviceId)
    expect(told.at(-1)).toMatchObject({ type: 'phones', phones: [{ deviceId: 'phone-0001' }] })
    await other.close()
    // Not at every try.
    expect(told.filter(({ type }) => type === 'log')).toHaveLength(1)
  })

  it('that could never be written keeps no room closed', async () => {
    writeFileSync(join(room.folder, 'taken'), '')
    const stateFile = join(room.folder, 'taken', 'audience.json')
    const input = { host: '127.0.0.1', port: 0, stateFile, pageFolder: room.folder, tls: undefined }
    const told: FromRoom[] = []
    const other = await openRoom({ ...input, rules: RULES }, (message) => told.push(message))
    expect((await fetch(`${other.url}join`, { method: 'POST', body: '{"city":"Bern"}' })).status).toBe(200)
    expect(told).toContainEqual({ type: 'log', message: expect.stringContaining('could not be saved') })
    await other.close()
  })
})

describe('getting in', () => {
  it('is by the code in the address; there is nothing elsewhere', async () => {
    expect((await room.request('')).status).toBe(200)
    expect((await room.request('app.js')).headers.get('content-type')).toMatch(/javascript/)
    const { origin } = base()
    for (const path of ['/', '/WRONGWRONG/', '/..%2f..%2fetc/passwd'])
      expect((await room.request(origin + path)).status, path).toBe(404)
    expect((await room.request('audience.json')).status).toBe(404)
  })

  it('has a code that is not guessed: 50 bits, whoever guesses waits', () => {
    expect(new Set(Array.from({ length: 1000 }, newCode)).size).toBe(1000)
    expect(newCode()).toMatch(/^[0-9A-HJKMNP-TV-Z]{10}$/)
    expect([isCode('abc', 'ABC'), isCode('AB', 'ABC'), isCode('', 'ABC')]).toEqual([true, false, false])
    const guesses = new Guesses()
    for (let time = 0; time < LIMITS.wrongCodes; time++) {
      expect(guesses.mustWait('a', 0)).toBe(false)
      guesses.wrong('a', 0)
    }
    expect([guesses.mustWait('a', 999), guesses.mustWait('a', 1001), guesses.mustWait('b', 0)]).toEqual([
      true,
      false,
      false,
    ])
    for (let time = 0; time < 30; time++) guesses.wrong('a', 0)
    expect([guesses.mustWait('a', 59_999), guesses.mustWait('a', 60_001)]).toEqual([true, false])
  })

  it('answers wrong codes with 404, then with 429, to a right one of that address too', async () => {
    const { origin } = base()
    const statuses: number[] = []
    for (let time = 0; time < 8; time++) statuses.push((await room.request(`${origin}/GUESS${time}/`)).status)
    expect(statuses.slice(0, 5)).toEqual([404, 404, 404, 404, 404])
    expect(statuses.at(-1)).toBe(429)
    expect((await room.request('')).status).toBe(429)
  })

  it('is refused by another name (DNS rebinding) and for other pages', async () => {
    expect(await withHost(base().host)).toBe(200)
    expect(await withHost('evil.example')).toBe(403)
    expect(await withHost(`localhost:${base().port}`)).toBe(403)
    const foreign = await room.request('join', {
      json: { city: 'Bern' },
      headers: { origin: 'http://evil.example' },
    })
    expect(foreign.status).toBe(403)
    expect(
      (await room.request('join', { json: { city: 'Bern' }, headers: { origin: base().origin } })).status,
    ).toBe(200)
  })

  it('sends headers that leave nothing to other pages, and no cookie', async () => {
    const { headers } = await room.request('')
    expect(headers.get('content-security-policy')).toMatch(/default-src 'none'.*frame-ancestors 'none'/)
    expect(headers.get('content-security-policy')).not.toMatch(/unsafe|\*/)
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect([headers.get('set-cookie'), headers.get('access-control-allow-origin')]).toEqual([null, null])
  })

  it.each([
    ['127.1', '127.0.0.1'],
    ['LOCALHOST', 'localhost'],
  ])('is at %s as browsers write it: %s', async (host, written) => {
    const other = await startRoom({ host })
    expect(new URL(other.opened.url).hostname).toBe(written)
    expect((await other.request('')).status).toBe(200)
    await other.close()
  })

  it('never is on all addresses', async () => {
    const input = {
      port: 0,
      stateFile: '',
      pageFolder: room.folder,
      tls: undefined,
      rules: RULES,
    }
    // `0` is looked up as every address.
    for (const host of ['0.0.0.0', '::', '*', '', '0'])
      await expect(openRoom({ ...input, host }, () => {})).rejects.toThrow(/--audience-host/)
  })

  it('on an address that the machine has not, or by a name that nobody knows, says what to do', async () => {
    const stateFile = join(room.folder, 'x.json')
    const open = (host: string) =>
      openRoom({ host, port: 0, stateFile, pageFolder: room.folder, tls: undefined, rules: RULES }, () => {})
    const another = / Start without --audience-host to choose one that it has\.$/
    await expect(open('192.0.2.1')).rejects.toThrow('this machine does not have the address 192.0.2.1.')
    await expect(open('192.0.2.1')).rejects.toThrow(another)
    // Too long for a name: nobody is asked.
    const name = `${'a'.repeat(64)}.invalid`
    await expect(open(name)).rejects.toThrow(`nobody knows the name ${name}.`)
    await expect(open(name)).rejects.toThrow(another)
  })

  it('on a port that was named opens there or not at all', async () => {
    const stateFile = join(room.folder, 'x.json')
    const port = Number(base().port)
    const input = { host: '127.0.0.1', stateFile, pageFolder: room.folder, tls: undefined, rules: RULES }
    await expect(openRoom({ ...input, port }, () => {})).rejects.toThrow(
      `the port ${port} is taken by another program. Choose another with --audience-port, or 0 for a free one.`,
    )
    const free = await freePort()
    const opened = await openRoom({ ...input, port: free }, () => {})
    expect(new URL(opened.url).port).toBe(String(free))
    await opened.close()
  })
})

describe('a phone', () => {
  it('becomes a station with the name of an animal, and is known again, also after a restart', async () => {
    const { secret, deviceId, name } = await room.join('Zürich')
    expect([deviceId, name]).toEqual(['phone-0001', expect.stringMatching(/^[A-Z][a-z]+$/)])
    expect((await room.join()).deviceId).toBe('phone-0002')
    const { url } = room.opened
    await room.opened.close()
    const again = await startRoom({ folder: room.folder })
    expect(again.opened.url).toBe(url)
    // The connection of before may be tried once more.
    const me = await vi.waitFor(() => again.request('me', { secret }), 20_000)
    expect(await me.json()).toMatchObject({
      deviceId,
      name,
      city: 'Zürich',
    })
    await again.close()
  })

  it('sends readings, each with a number; one sent again has the number that it had', async () => {
    const { secret } = await room.join()
    const [first, second] = [made(), made({ rubbish: 'blank city', twice: true })]
    expect((await room.request('readings', { secret, json: { readings: [first, second] } })).status).toBe(202)
    expect((await room.request('readings', { secret, json: { readings: [first] } })).status).toBe(202)
    expect(room.readings).toEqual([
      {
        eventId: first.id,
        deviceId: 'phone-0001',
        deviceSequenceNumber: 0,
        city: 'Bern',
        temperature: 21,
        humidity: 40,
        rubbish: undefined,
        copies: 1,
      },
      {
        eventId: second.id,
        deviceId: 'phone-0001',
        deviceSequenceNumber: 1,
        city: 'Bern',
        temperature: 21,
        humidity: 40,
        rubbish: 'blank city',
        copies: 2,
      },
      {
        eventId: first.id,
        deviceId: 'phone-0001',
        deviceSequenceNumber: 0,
        city: 'Bern',
        temperature: 21,
        humidity: 40,
        rubbish: undefined,
        copies: 1,
      },
    ])
  })

  it.each([
    ['markup as a city', { city: '<script>alert(1)</script>' }],
    ['control characters', { city: 'Bern\u001b[2J' }],
    ['a bidirectional override', { city: 'Bern\u202e' }],
    ['a long city', { city: 'B'.repeat(41) }],
    ['a temperature of another planet', { temperature: 1e9 }],
    ['a temperature as text', { temperature: '21' }],
    ['half a degree', { temperature: 20.5 }],
    ['an id of another form', { id: '../../x' }],
    ['a field too many', { admin: true }],
    ['rubbish that there is not', { rubbish: 'rm -rf' }],
  ])('is refused %s', async (_, changes) => {
    const { secret } = await room.join()
    const answer = await room.request('readings', { secret, json: { readings: [made(changes)] } })
    expect(answer.status).toBe(400)
    const says = 'city' in changes ? /^A city has letters and no digits/ : /not readings that the page makes/
    expect((await answer.json()) as object).toEqual({ error: expect.stringMatching(says) })
    expect(room.readings).toEqual([])
  })

  it.each(['not json', '[]', 'null', '{"readings":[]}', '{"__proto__":{"x":1}}'])(
    'is refused the body %s',
    async (body) => {
      const { secret } = await room.join()
      const answer = await room.request('readings', { secret, method: 'POST', body })
      expect(answer.status).toBe(400)
    },
  )

  it('is refused a long body, with and without a length', async () => {
    const { secret } = await room.join()
    const body = JSON.stringify({ readings: [made({ city: 'B'.repeat(5000) })] })
    expect((await room.request('readings', { secret, method: 'POST', body })).status).toBe(413)
    const stream = new Blob([body]).stream()
    const chunked = await room.request('readings', {
      secret,
      method: 'POST',
      body: stream,
      duplex: 'half',
    } as never)
    expect(chunked.status).toBe(413)
  })

  it('sends no more than it may in a second', async () => {
    const { secret } = await room.join()
    const storm = () =>
      room.request('readings', { secret, json: { readings: Array.from({ length: 10 }, () => made()) } })
    expect((await storm()).status).toBe(202)
    expect((await storm()).status).toBe(202)
    // As large as it can be: a city of forty letters, of four bytes each.
    const { secret: long } = await room.join()
    const readings = Array.from({ length: 10 }, () =>
      made({ city: '𞤀'.repeat(40), temperature: -30, humidity: 100 }),
    )
    expect((await room.request('readings', { secret: long, json: { readings } })).status).toBe(202)
    const refused = await storm()
    expect([refused.status, ((await refused.json()) as { error: string }).error]).toEqual([
      429,
      expect.stringMatching(/5 readings a second/),
    ])
    expect(room.readings).toHaveLength(30)
  })

  it('may send no mischief where the presenter says so', async () => {
    const strict = await startRoom({ rules: { ...RULES, isMischiefAllowed: false } })
    const { secret } = await strict.join()
    for (const changes of [{ rubbish: 'not JSON' }, { twice: true }])
      expect((await strict.request('readings', { secret, json: { readings: [made(changes)] } })).status).toBe(
        403,
      )
    expect(await (await strict.request('me', { secret })).json()).toMatchObject({ rubbish: [] })
    await strict.close()
  })

  it('is told to wait when the hub takes no more', async () => {
    const { secret } = await room.join()
    room.opened.room.setFull(true)
    expect((await room.request('readings', { secret, json: { readings: [made()] } })).status).toBe(429)
    room.opened.room.setFull(false)
    expect((await room.request('readings', { secret, json: { readings: [made()] } })).status).toBe(202)
  })

  it('without a place is told so: the room takes so many', async () => {
    for (let index = 0; index < LIMITS.phones; index++)
      expect((await room.request('join', { json: { city: 'Bern' } })).status).toBe(200)
    const refused = await room.request('join', { json: { city: 'Bern' } })
    expect([refused.status, await refused.json()]).toEqual([
      429,
      { error: expect.stringContaining(String(LIMITS.phones)) },
    ])
  })
})

describe('what is told', () => {
  const listen = async (secret: string) => {
    const response = await room.request('events', { secret })
    let text = ''
    const ended = (async () => {
      for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>)
        text += Buffer.from(chunk).toString()
    })()
    return { text: () => text, ended, status: response.status }
  }

  it('is of its own events alone, and the board of all', async () => {
    const [one, other] = [await room.join(), await room.join()]
    const [first, second] = [await listen(one.secret), await listen(other.secret)]
    const at = 0
    room.opened.room.progress([
      { deviceId: one.deviceId, eventId: 'mine', step: 'hub', text: 'the hub has it', at },
    ])
    room.opened.room.showBoard({ total: 7, warmest: 'Bern 21 °C', mostQuarantined: undefined, lost: 0 })
    await vi.waitFor(() => expect(second.text()).toContain('"total":7'), 20_000)
    await vi.waitFor(() => expect(first.text()).toContain('"total":7'), 20_000)
    expect(first.text()).toContain('"eventId":"mine"')
    expect(second.text()).not.toContain('mine')
    expect(second.text()).toContain('"phones":2')
  })

  it('tells the board when it is another one, not at each look at the lake', async () => {
    const { secret } = await room.join()
    const stream = await listen(secret)
    const board = { total: 7, warmest: undefined, mostQuarantined: undefined, lost: 0 }
    for (let look = 0; look < 20; look++) room.opened.room.showBoard(board)
    room.opened.room.showBoard({ ...board, total: 8 })
    await vi.waitFor(() => expect(stream.text()).toContain('"total":8'), 20_000)
    expect(stream.text().match(/"total":7/g)).toHaveLength(1)
  })

  it('needs a secret, and has a bound of streams', async () => {
    expect((await room.request('events', { secret: 'guess' })).status).toBe(404)
    const { secret } = await room.join()
    const all = await Promise.all([1, 2, 3].map(() => listen(secret)))
    expect(all.map(({ status }) => status)).toEqual([200, 200, 200])
    expect((await room.request('events', { secret })).status).toBe(429)
  })

  it('ends with the room: every phone hears of it', async () => {
    const { secret } = await room.join()
    const stream = await listen(secret)
    await vi.waitFor(() => expect(stream.text()).toContain('event: board'), 20_000)
    await room.close()
    await stream.ended.catch(() => {})
    expect(stream.text()).toContain('event: closed')
    room = await startRoom()
  })
})

describe('a slow or silent sender', () => {
  it('does not keep the room from others', async () => {
    const { hostname, port } = base()
    const sockets = Array.from({ length: 100 }, () => {
      const socket = connect(Number(port), hostname)
      socket.on('error', () => {})
      socket.write('POST /x HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n{')
      return socket
    })
    expect((await room.request('')).status).toBeLessThan(500)
    for (const socket of sockets) socket.destroy()
  })
})
