/** The room as a session has it: where it opens, what the presenter decides, and how it counts in the ledger. */
import { afterEach, describe, expect, it } from 'vitest'
import type { AudienceReading } from '../../../src/pipeline/audience/audience.ts'
import type { JournalStorage } from '../../../src/pipeline/audience/journal.ts'
import { type AudienceVisitors, NO_VENUE, type Venue } from '../../../src/pipeline/audience/venue.ts'
import { createSession } from '../../../src/pipeline/session/session.ts'
import type { Session } from '../../../src/pipeline/session/session-types.ts'
import { silentLogger } from '../../../src/pipeline/state/log.ts'
import { CLOCK_STEPS } from '../../support/clock-steps.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { FakeStorage } from '../../support/fake-hub.ts'
import { FakeTarget } from '../../support/fake-target.ts'

const ADDRESSES = [
  { name: 'wlan0', address: '192.168.1.20' },
  { name: 'lo', address: '127.0.0.1' },
]
let session: Session
let clock: FakeClock
afterEach(async () => {
  let isClosed = false
  void session.close().finally(() => {
    isClosed = true
  })
  await clock.until(() => isClosed, 120_000)
})

function open(changes: Partial<Venue> & { readOnly?: boolean } = {}) {
  const { readOnly = false, ...venue } = changes
  clock = new FakeClock()
  const target = new FakeTarget(() => clock.now())
  const said: string[] = []
  let visitors: AudienceVisitors | undefined
  session = createSession(
    {
      session: { target: 'local', readOnly },
      stations: 5,
      intervalMs: 1000,
      dirty: 0,
      seed: 'hall',
      nodeType: 'Standard_D4s_v3',
    },
    {
      clock,
      logger: silentLogger,
      storage: new FakeStorage().open(),
      newRunId: () => 'run',
      venue: {
        ...NO_VENUE,
        addresses: () => ADDRESSES,
        open: (host, _rules, given) => {
          said.push(`open ${host}`)
          visitors = given
          return {
            progress: (all) => said.push(...all.map(({ eventId, step }) => `${eventId} ${step}`)),
            board: () => {},
            full: () => {},
            rules: (rules) => said.push(`rules ${JSON.stringify(rules)}`),
            remove: (deviceId) => said.push(`remove ${deviceId}`),
            clearNames: () => said.push('clearNames'),
            close: async () => void said.push('close'),
          }
        },
        ...venue,
      },
    },
  )
  const state = () => session.store.getState()
  return {
    said,
    target,
    state,
    room: () => session.actions.audience as NonNullable<typeof session.actions.audience>,
    visitors: () => visitors as AudienceVisitors,
    connect: async () => {
      const connected = session.connect(target)
      await clock.advance(0)
      await connected
    },
  }
}

const ADDRESS = { url: 'http://192.168.1.20:1/X/', code: 'X', qr: ['█'] }
const reading = (eventId: string, changes: Partial<AudienceReading> = {}): AudienceReading => ({
  eventId,
  deviceId: 'phone-0001',
  deviceSequenceNumber: 0,
  city: 'Bern',
  temperature: 21,
  humidity: 40,
  rubbish: undefined,
  copies: 1,
  ...changes,
})

describe('where the room opens', () => {
  it('is asked when nobody has said it, and nowhere else', async () => {
    const { said, state, room, connect } = open()
    await connect()
    expect(room().toggle()).toMatchObject({ ok: true })
    expect(state().audience).toMatchObject({ phase: 'choosing', addresses: ADDRESSES })
    expect(room().choose('0.0.0.0')).toMatchObject({ ok: false })
    expect(said).toEqual([])
    expect(room().choose('192.168.1.20')).toMatchObject({ ok: true })
    expect(said).toEqual(['open 192.168.1.20'])
    expect(state().audience).toMatchObject({ phase: 'opening', addresses: [] })
  })

  it('stays closed when the question is put away', async () => {
    const { said, state, room, connect } = open()
    await connect()
    room().toggle()
    expect(room().toggle()).toEqual({ ok: true, message: 'The room stays closed.' })
    expect(state().audience).toBeUndefined()
    expect(room().choose('192.168.1.20')).toMatchObject({ ok: false })
    expect(said).toEqual([])
  })

  it('is the address that was named, without a question', async () => {
    const { said, room, connect } = open({ host: '10.0.0.5' })
    await connect()
    room().toggle()
    expect(said).toEqual(['open 10.0.0.5'])
  })

  it('at the start is asked before anything is connected, and the room opens once it is', async () => {
    const { said, state, room, connect } = open({ isOpenAtStart: true })
    expect(state().audience?.phase).toBe('choosing')
    room().choose('127.0.0.1')
    expect(said).toEqual([])
    await connect()
    expect(said).toEqual(['open 127.0.0.1'])
  })

  it('that cannot be is told in the log', async () => {
    const { state, room, connect } = open({
      host: '10.0.0.5',
      open: () => {
        throw new Error('no such address')
      },
    })
    await connect()
    room().toggle()
    await clock.advance(1000)
    expect(state().audience).toBeUndefined()
    expect(state().log.at(-1)?.message).toBe('Opening the room for phones.')
    expect(state().log.map(({ message }) => message)).toContain(
      'The room could not be opened: no such address',
    )
  })

  it('is nobody’s to choose in a read-only session', async () => {
    const { room, connect } = open({ readOnly: true })
    await connect()
    expect(room().toggle()).toMatchObject({ ok: false, reason: expect.stringMatching(/Read-only/) })
  })
})

describe('the presenter', () => {
  const openRoom = async () => {
    const all = open({ host: '192.168.1.20' })
    await all.connect()
    all.room().toggle()
    all.visitors().opened(ADDRESS)
    all.visitors().phones(
      [
        { deviceId: 'phone-0001', name: 'Otter' },
        { deviceId: 'phone-0002', name: 'Lynx' },
      ],
      2,
    )
    all.said.length = 0
    return all
  }

  it('decides nothing while no room is open', async () => {
    const { room, connect } = open()
    await connect()
    for (const result of [room().change({ isPaused: true }), room().remove('Otter'), room().clearNames()])
      expect(result).toEqual({ ok: false, reason: 'No room is open: A opens one.' })
  })

  it('changes the rules, which the screen shows and the room is told', async () => {
    const { said, state, room } = await openRoom()
    expect(room().change({ isMischiefAllowed: false })).toMatchObject({ ok: true })
    expect(room().change({ readingsPerSecond: 9 })).toEqual({
      ok: true,
      message: 'Each phone may send 9 readings a second.',
    })
    expect(room().change({ isPaused: true })).toMatchObject({ message: 'The room is paused.' })
    expect(room().change({ hasOwnNames: true })).toMatchObject({ ok: true })
    const rules = { isMischiefAllowed: false, readingsPerSecond: 9, isPaused: true, hasOwnNames: true }
    expect(state().audience?.rules).toEqual(rules)
    expect(said.at(-1)).toBe(`rules ${JSON.stringify(rules)}`)
    for (const readingsPerSecond of [0, 51, Number.NaN])
      expect(room().change({ readingsPerSecond })).toMatchObject({ ok: false })
  })

  it('keeps them when the room closes and opens again', async () => {
    const { state, room, visitors } = await openRoom()
    room().change({ isMischiefAllowed: false })
    room().toggle()
    await clock.advance(100)
    room().toggle()
    visitors().opened(ADDRESS)
    expect(state().audience?.rules.isMischiefAllowed).toBe(false)
  })

  it('removes a phone by its name, and clears names', async () => {
    const { said, room } = await openRoom()
    expect(room().remove(' lynx ')).toEqual({ ok: true, message: 'Lynx has left the room.' })
    expect(room().remove('Heron')).toEqual({ ok: false, reason: 'No phone is named Heron.' })
    room().clearNames()
    expect(said).toEqual(['remove phone-0002', 'clearNames'])
  })

  it('sees who sends now', async () => {
    const { state, visitors } = await openRoom()
    visitors().readings([reading('a')])
    visitors().readings([reading('b', { deviceId: 'phone-0002' }), reading('c')])
    await clock.advance(1000)
    expect(state().audience?.senders.map(({ name }) => name)).toEqual(['Lynx', 'Otter'])
  })

  it.each(CLOCK_STEPS)('sees who sends now, and no longer, when the clock is set $name', async ({ by }) => {
    const { state, visitors } = await openRoom()
    const shown = () => state().audience?.senders.map(({ name, at }) => [name, clock.now() - at])
    visitors().readings([reading('a')])
    await clock.advance(1000)
    clock.set(by)
    // Somebody else sends: the first one's moment is told as the clock is set now.
    visitors().readings([reading('b', { deviceId: 'phone-0002' })])
    await clock.advance(1000)
    expect(shown()).toEqual([
      ['Lynx', 1000],
      ['Otter', 2000],
    ])
    await clock.advance(2500)
    visitors().readings([reading('c', { deviceId: 'phone-0002' })])
    await clock.advance(500)
    expect(shown()).toEqual([['Lynx', 500]])
  })
})

describe('the ledger', () => {
  const journalOf = (ids: string[] = []): JournalStorage => ({
    load: () => ({ acknowledged: ids.length, ids }),
    append: (more) => void ids.push(...more),
    replace: (_, all) => void ids.splice(0, ids.length, ...all),
  })

  it('has the audience as a line of its own, and balances with it', async () => {
    const { state, target, room, visitors, connect } = open({ host: 'x', journal: journalOf() })
    await connect()
    room().toggle()
    visitors().opened(ADDRESS)
    visitors().readings([reading('a'), reading('b', { copies: 2 })])
    await clock.advance(5500)
    expect(target.fakeHub.bodies).toHaveLength(3)
    const { ledger } = state()
    expect([ledger.audience, ledger.acknowledged, ledger.enqueued]).toEqual([3, 3, 3])
    // Copies that were asked for were not enqueued by mistake, and nobody else has sent anything.
    expect(ledger.explanation ?? '').not.toMatch(/other clients/)
  })

  it('counts once what a phone sends again, in this session and in the next', async () => {
    const ids: string[] = []
    const first = open({ host: 'x', journal: journalOf(ids) })
    await first.connect()
    first.room().toggle()
    first.visitors().readings([reading('a')])
    await clock.advance(1000)
    first.visitors().readings([reading('a')])
    await clock.advance(1000)
    expect(first.target.fakeHub.bodies).toHaveLength(1)
    expect(first.said.filter((one) => one === 'a hub')).toHaveLength(2)
    expect(ids).toEqual(['a'])
    let isClosed = false
    void session.close().finally(() => {
      isClosed = true
    })
    await clock.until(() => isClosed, 120_000)

    const next = open({ host: 'x', journal: journalOf(ids) })
    // The hub has kept it.
    await next.target.producer.send([{ body: Buffer.from('{}'), partitionKey: 'phone-0001' }])
    await next.connect()
    next.room().toggle()
    next.visitors().readings([reading('a'), reading('b')])
    await clock.advance(5500)
    expect(next.target.fakeHub.bodies).toHaveLength(2)
    expect(next.said).toContain('a hub')
    expect(next.state().ledger.audience).toBe(2)
  })

  it('begins anew with a hub that is new', async () => {
    const { state, room, connect } = open({ host: 'x', journal: journalOf(['old']) })
    await connect()
    room().toggle()
    await clock.advance(5500)
    expect(state().ledger.audience).toBe(0)
  })
})
