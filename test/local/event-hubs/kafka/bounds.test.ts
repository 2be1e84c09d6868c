/** What clients may ask of the endpoint at most: unread answers, requests, connections, members, groups. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { ConsumerGroup } from '../../../../src/local/event-hubs/kafka/groups/consumer-group.ts'
import { Coordinator } from '../../../../src/local/event-hubs/kafka/groups/coordinator.ts'
import { GroupOffsets } from '../../../../src/local/event-hubs/kafka/groups/group-offsets.ts'
import { KafkaWriter } from '../../../../src/local/event-hubs/kafka/wire/values.ts'
import { HUB } from '../hub-fixture.ts'
import { Bare, request } from './bare-client.ts'
import { messageOf, record } from './batches.ts'
import { type KafkaFixture, startKafkaFixture } from './kafka-fixture.ts'

let fixture: KafkaFixture
beforeAll(async () => {
  fixture = await startKafkaFixture({ partitions: 1 })
})
afterAll(() => fixture.close())

const fetchAll = (maxWaitMs = 0, offset = 0) =>
  request(1, 4, (writer) => {
    writer.int32(-1).int32(maxWaitMs).int32(1).int32(4_000_000).int8(0)
    writer.int32(1).string(HUB).int32(1).int32(0).int64(offset).int32(4_000_000)
  })

describe('a connection', () => {
  it('whose client does not read makes the hub neither read nor keep more than a few answers', async () => {
    const message = messageOf(record(Buffer.alloc(1_000_000)))
    for (let event = 0; event < 5; event++) fixture.hub.log.append(0, [message])
    const slow = await Bare.signedIn(fixture)
    slow.socket.pause()
    const read = vi.spyOn(fixture.hub.log, 'readPages')
    const answers = Array.from({ length: 30 }, () => slow.ask(fetchAll()))
    await vi.waitFor(() => expect(read.mock.calls.length).toBeGreaterThan(0), 20_000)
    // The hub goes on for others, and has had its turns by then.
    for (let turn = 0; turn < 20; turn++) {
      const other = await Bare.signedIn(fixture)
      other.socket.destroy()
    }
    expect(read.mock.calls.length).toBeLessThan(10)
    slow.socket.resume()
    for (const answer of await Promise.all(answers)) expect(answer.left).toBeGreaterThan(4_000_000)
    expect(read.mock.calls.length).toBe(30)
    read.mockRestore()
    slow.socket.destroy()
  })

  it('is ended when a hundred requests wait for the one before them', async () => {
    const bare = await Bare.signedIn(fixture)
    const next = fixture.hub.log.properties(0).lastEnqueuedSequenceNumber + 1
    const metadata = request(3, 1, (writer) => writer.int32(-1))
    const properties = vi.spyOn(fixture.hub.log, 'properties')
    bare.socket.write(fetchAll(60_000, next))
    await vi.waitFor(() => expect(properties).toHaveBeenCalled(), 20_000)
    properties.mockRestore()
    bare.socket.write(Buffer.concat(Array.from({ length: 100 }, () => metadata)))
    const other = await Bare.signedIn(fixture)
    other.socket.destroy()
    expect(bare.isClosed).toBe(false)
    bare.socket.write(metadata)
    await bare.closed()
    expect(fixture.logged.lines().map(({ reason }) => reason)).toContain('too many requests at once')
  })

  it('is ended when it has not signed in and does not read its answers', async () => {
    const bare = new Bare(fixture)
    bare.socket.pause()
    const versions = request(18, 0, () => {}, 7)
    // So long that few of them come at once.
    const long = Buffer.concat([versions, Buffer.alloc(700)])
    long.writeInt32BE(long.length - 4, 0)
    const some = Buffer.concat(Array.from({ length: 60 }, () => long))
    let sent = 0
    // What the system itself keeps for both sides is some megabytes.
    for (; sent < 400_000 && !bare.isClosed; sent += 60)
      if (!bare.socket.write(some))
        await Promise.race([new Promise((drained) => bare.socket.once('drain', drained)), bare.closed()])
    await bare.closed()
    expect(fixture.logged.lines().map(({ reason }) => reason)).toContainEqual(
      expect.stringContaining('answers that are not read'),
    )
  })

  // As documented for the service, whose clients set max.request.size for it.
  it('is ended by a request of more than 1,046,528 bytes, and not by one of as many', async () => {
    const bare = await Bare.signedIn(fixture)
    const most = request(3, 1, (writer) => writer.int32(-1).raw(Buffer.alloc(1_046_528 - 17)))
    expect(most.readInt32BE(0)).toBe(1_046_528)
    expect((await bare.ask(most)).int32()).toBe(7)
    bare.socket.write(new KafkaWriter().int32(1_046_529).end())
    await bare.closed()
    expect(fixture.logged.lines().map(({ reason }) => reason)).toContain(
      'a request of 1046529 bytes, where 1046528 are the most',
    )
  })

  it('is ended after twenty seconds when nobody has signed in; whoever has stays', async () => {
    const deadlines: { ms: number; run: () => void }[] = []
    const server = await startKafkaFixture({
      partitions: 1,
      after: (ms, run) => {
        const one = { ms, run }
        deadlines.push(one)
        return () => deadlines.splice(deadlines.indexOf(one), 1)
      },
    })
    const known = await Bare.signedIn(server)
    // It may ask for versions as often as it likes: that proves nothing.
    const stranger = new Bare(server)
    await stranger.ask(request(18, 0))
    expect(deadlines.map(({ ms }) => ms)).toEqual([20_000, 20_000])
    for (const { run } of [...deadlines]) run()
    await stranger.closed()
    expect(server.logged.lines().map(({ reason }) => reason)).toEqual(['it did not sign in in time'])
    expect((await known.ask(request(3, 1, (writer) => writer.int32(-1)))).int32()).toBe(7)
    expect(known.isClosed).toBe(false)
    // Nothing is left that would end somebody else.
    await vi.waitFor(() => expect(deadlines).toHaveLength(1), 20_000)
    known.socket.destroy()
    await vi.waitFor(() => expect(deadlines).toEqual([]), 20_000)
    await server.close()
  })

  it('beyond the two hundredth is not taken', async () => {
    const server = await startKafkaFixture({ partitions: 1 })
    const open = await Promise.all(Array.from({ length: 200 }, () => Bare.signedIn(server)))
    const over = new Bare(server)
    await over.closed()
    open[0]?.socket.destroy()
    await open[0]?.closed()
    await vi.waitFor(() => Bare.signedIn(server), 20_000)
    for (const bare of open) bare.socket.destroy()
    await server.close()
  })
})

describe('consumer groups', () => {
  const options = { newId: () => 'id', now: () => 0 }

  it('are 200 with members at a time', () => {
    const folder = mkdtempSync(join(tmpdir(), 'rtstream-kafka-groups-'))
    const coordinator = new Coordinator(new GroupOffsets(folder), options)
    for (let group = 0; group < 200; group++) expect(coordinator.group(`g${group}`)).toBeDefined()
    expect(coordinator.group('another')).toBeUndefined()
    expect(coordinator.group('g0')).toBeDefined()
    coordinator.close()
    rmSync(folder, { recursive: true })
  })

  it('have any name that can be shown, of at most 256 characters', () => {
    const folder = mkdtempSync(join(tmpdir(), 'rtstream-kafka-names-'))
    const coordinator = new Coordinator(new GroupOffsets(folder), options)
    for (const name of ['g', 'two words', 'Zürich/日本', '$Default', 'x'.repeat(256)])
      expect(coordinator.group(name), name).toBeDefined()
    for (const name of ['', 'x'.repeat(257), 'a\nb', '\u001b[2J', '\u202eabc'])
      expect(coordinator.group(name), name).toBeUndefined()
    coordinator.close()
    rmSync(folder, { recursive: true })
  })

  it('have a hundred members', async () => {
    let ids = 0
    const group = new ConsumerGroup({ ...options, newMemberId: () => String(ids++) })
    const join = () =>
      group.join({
        ...{ memberId: '', clientId: 'c', sessionTimeoutMs: 6000, rebalanceTimeoutMs: 6000 },
        protocolType: 'consumer',
        protocols: [{ name: 'range', metadata: Buffer.alloc(0) }],
      })
    for (let member = 0; member < 100; member++) void join()
    expect((await join()).error).toBe(81)
    expect(group.describe().members).toHaveLength(100)
  })

  it('keep what a thousand of them have committed', () => {
    const folder = mkdtempSync(join(tmpdir(), 'rtstream-kafka-groups-'))
    const groups = Array.from({ length: 999 }, (_, group) => [`g${group}`, { offsets: {} }])
    writeFileSync(join(folder, 'kafka-groups.json'), JSON.stringify(Object.fromEntries(groups)))
    const offsets = new GroupOffsets(folder)
    const at = new Map([[0, { offset: 1, metadata: undefined }]])
    expect(offsets.commit('the last', at)).toBe(true)
    expect(offsets.commit('one more', at)).toBe(false)
    expect(offsets.commit('g0', at)).toBe(true)
    rmSync(folder, { recursive: true })
  })
})
