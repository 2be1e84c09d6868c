import { randomBytes, randomUUID } from 'node:crypto'
import { createReadStream, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createGzip, gunzipSync, gzipSync } from 'node:zlib'
import xterm from '@xterm/headless'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { createStore } from 'zustand/vanilla'
import { CommitHistory } from '../../src/azure/lake/commit-history.ts'
import { TAIL_LIMIT } from '../../src/pipeline/observation/tail.ts'
import type { AppState, TailEvent } from '../../src/pipeline/state/state.ts'
import { type CastFrame, castLines } from '../../src/recording/cast.ts'
import { applyPatch, diff } from '../../src/recording/patch.ts'
import { play } from '../../src/recording/player.ts'
import { BYTES_AHEAD, BYTES_PER_MINUTE, record } from '../../src/recording/recorder.ts'
import { openRecording } from '../../src/recording/recording.ts'
import { screenLines } from '../../src/ui/app/screen-lines.ts'
import { initialView } from '../../src/ui/input/view-state.ts'
import { painter } from '../../src/ui/text/ansi.ts'
import { plainText } from '../../src/ui/text/line.ts'
import { chooseTheme } from '../../src/ui/text/theme.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { ROOM } from '../support/open-room.ts'
import { recordedSession } from '../support/recorded-session.ts'

const { Terminal } = xterm
const folder = mkdtempSync(join(tmpdir(), 'rtstream-recording-'))
afterAll(() => rmSync(folder, { recursive: true }))

const states = [...recordedSession()]
const paint = painter(chooseTheme('dark', 24, {}), false)
const frameOf = (state: AppState) => screenLines(state, initialView, 120, 40).lines.map(paint)

/** Records the states, one a second. */
async function recorded(name: string, limitBytes?: number) {
  const file = join(folder, name)
  const clock = new FakeClock((states[0] as AppState).now)
  const store = createStore<AppState>()(() => states[0] as AppState)
  const problems: string[] = []
  const recorder = record({
    store,
    file,
    clock,
    onProblem: (message) => problems.push(message),
    ...(limitBytes === undefined ? {} : { limitBytes }),
  })
  for (const state of states.slice(1)) {
    await clock.advance(1000)
    store.setState(state, true)
  }
  await recorder.close()
  return { file, problems }
}

/** A file with these lines behind a header. */
function write(name: string, lines: readonly object[]): string {
  const file = join(folder, name)
  const header = { format: 'rtstream-recording', version: 1, program: '0.0.1', startedAt: 0 }
  writeFileSync(file, gzipSync([header, ...lines].map((line) => `${JSON.stringify(line)}\n`).join('')))
  return file
}

/** The tail as it stands after so many new events, whose ids and numbers are random as real ones are. */
const eventsOf = (now: number, fresh: number, bodyBytes: number): TailEvent[] =>
  Array.from({ length: Math.min(TAIL_LIMIT, fresh) }, (_, index) => ({
    at: now - index,
    deviceId: `station-${String(index % 1000).padStart(5, '0')}`,
    city: 'Oslo',
    temperature: index % 40,
    humidity: index % 100,
    reasons: [],
    body: `{"eventId":"${randomUUID()}","city":"Oslo","temperature":${index % 40},"createdAt":"${new Date(now - index).toISOString()}","more":"${
      bodyBytes > 1000 ? randomBytes(bodyBytes / 2).toString('hex') : ''
    }"}`,
  }))

describe('a patch', () => {
  it.each([
    [
      { a: 1, b: [1, 2, 3] },
      { a: 1, b: [2, 3, 4] },
    ],
    [{ a: 1 }, { a: undefined, c: null }],
    [{ list: [{ x: 1 }, { x: 2 }] }, { list: [{ x: 1 }, { x: 3 }] }],
    [{ list: [] }, { list: [1] }],
    [{ list: [1, 2] }, { list: [] }],
    [{ list: [1, 2] }, { list: [1, 2, [3, { d: new Date(5) }]] }],
    [{ at: new Date(1) }, { at: new Date(2) }],
    [undefined, { text: 'x', deep: { at: new Date(3) } }],
    [{ a: 'x' }, { a: { b: 1 } }],
  ])('brings %j to %j', (before, after) => {
    const patch = JSON.parse(JSON.stringify(diff(before, after)))
    expect(applyPatch(before, patch)).toEqual(after)
  })

  it('of the same is none, and of a series that moves on is short', () => {
    const series = Array.from({ length: 600 }, (_, index) => index)
    expect(diff(series, [...series])).toBeUndefined()
    expect(diff({ series }, { series: [...series.slice(1), 600] })).toEqual({ series: [1, 1, [600]] })
  })
})

it('of a lake with one more commit holds that commit alone', () => {
  const history = new CommitHistory()
  const commit = (version: number) =>
    history.add(version, [{ commitInfo: { timestamp: version, operation: 'WRITE' } } as never], undefined)
  for (let version = 0; version < 60; version++) commit(version)
  const before = { silver: { commits: history.commits } }
  commit(60)
  const patch = diff(before, { silver: { commits: history.commits } })
  expect(patch).toMatchObject({ silver: { commits: [1, 1, [{ version: 60 }]] } })
  // What the log says twice counts once.
  commit(60)
  expect(history.commits.filter(({ version }) => version === 60)).toHaveLength(1)
  expect(history.commits).toHaveLength(40)
})

describe('a recording', () => {
  it('gives back every state, and the same frames to the last cell', async () => {
    const { file, problems } = await recorded('whole.rtrec')
    expect(problems).toEqual([])
    const recording = await openRecording(file)
    const read = [...recording.states()]
    expect(read).toHaveLength(states.length)
    for (const index of [0, 1, 35, 60, 119])
      expect(frameOf(read[index]?.state as AppState)).toEqual(
        frameOf({ ...(states[index] as AppState), endpoints: [] }),
      )
    expect(read.at(-1)?.time).toBe(119_000)
    // Any order: seeking goes back too.
    expect(recording.state(100).now).toBe((states[100] as AppState).now)
    expect(recording.state(3)).toEqual(read[3]?.state)
    expect(recording.indexAt(60_500)).toBe(60)
  })

  it('holds no endpoints, and stays small', async () => {
    const { file } = await recorded('small.rtrec')
    const text = gunzipSync(readFileSync(file)).toString()
    expect(text).not.toContain('secret')
    expect(JSON.parse(text.slice(0, text.indexOf('\n')))).toMatchObject({
      format: 'rtstream-recording',
      version: 1,
    })
    // Two minutes, of a screen in which everything moves.
    expect(statSync(file).size).toBeLessThan(100_000)
  })

  it('keeps no address and no code of the room for phones: the code outlives the session', async () => {
    const state: AppState = { ...(states[0] as AppState), audience: { ...ROOM, qr: ['▀▄▀'] } }
    const file = join(folder, 'room.rtrec')
    const recorder = record({
      store: createStore<AppState>()(() => state),
      file,
      clock: new FakeClock(state.now),
      onProblem: (message) => expect(message).toBe(''),
    })
    await recorder.close()
    const text = gunzipSync(readFileSync(file)).toString()
    expect(text).toContain('Otter')
    for (const secret of [ROOM.code, ROOM.url, '▀▄▀']) expect(text).not.toContain(secret)
  })

  it.each([
    ['1,000 events a second', 1000, 200, 2],
    ['bodies that no packing makes small', 1000, 2000, 0.05],
  ])('of %s grows by no more than a megabyte a minute', async (name, rate, bodyBytes, leastPerSecond) => {
    const file = join(folder, `${name}.rtrec`)
    const minutes = 2
    let [state] = states as [AppState]
    const clock = new FakeClock(state.now)
    const store = createStore<AppState>()(() => state)
    const recorder = record({ store, file, clock, onProblem: (message) => expect(message).toBe('') })
    for (let tick = 0; tick < minutes * 240; tick++) {
      await clock.advance(250)
      // What is packed in another thread is told here.
      await vi.waitFor(() => expect(recorder.unpackedBytes).toBeLessThan(BYTES_AHEAD / 2), {
        timeout: 20_000,
        interval: 1,
      })
      state = { ...state, now: clock.now(), events: eventsOf(clock.now(), rate / 4, bodyBytes) }
      store.setState(state, true)
    }
    await recorder.close()
    // The state that goes over it, and the last one at the end, are written whole.
    expect(statSync(file).size).toBeLessThanOrEqual(minutes * BYTES_PER_MINUTE + 4 * BYTES_AHEAD)
    const { length } = await openRecording(file)
    // States are left out for that only where they must be.
    expect(length).toBeGreaterThanOrEqual(minutes * 60 * leastPerSecond * 0.8)
  })

  it.each([
    ['back', -3_600_000],
    ['forward', 3_600_000],
  ])('of a session whose clock was set %s lasts as long as the session did', async (way, by) => {
    const file = join(folder, `set-${way}.rtrec`)
    const [first] = states as [AppState]
    const clock = new FakeClock(first.now)
    const store = createStore<AppState>()(() => first)
    const recorder = record({ store, file, clock, onProblem: (message) => expect(message).toBe('') })
    for (let second = 1; second <= 20; second++) {
      await clock.advance(1000)
      if (second === 10) clock.set(by)
      store.setState({ ...first, now: clock.now() }, true)
    }
    await recorder.close()
    const recording = await openRecording(file)
    expect(recording.durationMs).toBe(20_000)
    expect(recording.state(recording.indexAt(15_000)).now).toBe(first.now + 15_000 + by)
  })

  it('ends at its limit and says so once', async () => {
    const { file, problems } = await recorded('full.rtrec', 1)
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatch(/ends here/)
    expect((await openRecording(file)).length).toBeLessThan(states.length)
  })

  it('that was cut off is read as far as it goes', async () => {
    const { file } = await recorded('cut.rtrec')
    const bytes = readFileSync(file)
    const cut = join(folder, 'cut-off.rtrec')
    writeFileSync(cut, bytes.subarray(0, Math.floor(bytes.length * 0.7)))
    const { length } = await openRecording(cut)
    expect(length).toBeGreaterThan(10)
    expect(length).toBeLessThan(states.length)
  })

  it.each([
    ['no gzip', Buffer.from('hello'), /is not a recording/],
    ['another format', undefined, /is not a recording/],
  ])('%s is refused in one line', async (name, bytes, message) => {
    const file = join(folder, `${name}.rtrec`)
    if (bytes) writeFileSync(file, bytes)
    else {
      const packed = createReadStream(import.meta.filename).pipe(createGzip())
      const chunks: Buffer[] = []
      for await (const chunk of packed) chunks.push(chunk as Buffer)
      writeFileSync(file, Buffer.concat(chunks))
    }
    await expect(openRecording(file)).rejects.toThrow(message)
  })

  it('of a newer program asks for an update', async () => {
    const file = join(folder, 'newer.rtrec')
    const packed = createGzip()
    packed.end('{"format":"rtstream-recording","version":2}\n{"t":0,"p":[0,{}]}\n')
    const chunks: Buffer[] = []
    for await (const chunk of packed) chunks.push(chunk as Buffer)
    writeFileSync(file, Buffer.concat(chunks))
    await expect(openRecording(file)).rejects.toThrow(/newer program/)
  })

  it.each([
    [
      'of a version that had less to show',
      [0, { session: {}, now: 1 }],
      /recorded by rtstream-tui 0\.0\.1.*lacks generator/,
    ],
    ['whose first state is none', [0, null], /recorded by rtstream-tui 0\.0\.1/],
    ['whose first part is a change of nothing', [1, 0, []], /is damaged: its part 1 of 1/],
    ['whose part is none', undefined, /is not a recording/],
  ])('%s is refused in words', async (_, patch, message) => {
    const file = write('other.rtrec', [{ t: 0, ...(patch ? { p: patch } : {}) }])
    await expect(openRecording(file)).rejects.toMatchObject({ name: 'RecordingError', message })
  })

  it('names the part that is damaged, and shows those before it', async () => {
    const file = write('damaged.rtrec', [
      { t: 0, p: diff(undefined, states[0]) },
      { t: 500, p: { log: [2, { 0: [1, 0, []] }] } },
    ])
    const recording = await openRecording(file)
    expect(recording.state(0)).toEqual(states[0])
    expect(() => recording.state(1)).toThrow(/damaged\.rtrec is damaged: its part 2 of 2 does not fit/)
  })

  it('that is not there, or is a folder, is said in words, with what to name', async () => {
    const hint = expect.stringContaining('--record')
    const nowhere = join(folder, 'nowhere.rtrec')
    await expect(openRecording(nowhere)).rejects.toMatchObject({
      message: `${nowhere} does not exist.`,
      hint,
    })
    await expect(openRecording(folder)).rejects.toMatchObject({ message: `${folder} is a folder.`, hint })
  })

  it('plays at its speed, pauses, seeks, and takes no control', async () => {
    const { file } = await recorded('play.rtrec')
    const clock = new FakeClock(0)
    const player = play({ recording: await openRecording(file), clock, speed: 4, from: 10_000 })
    const at = () => Math.round((player.store.getState().replay?.position ?? 0) / 1000)
    expect(at()).toBe(10)
    await clock.advance(5000)
    expect(at()).toBe(30)
    expect(player.store.getState().now).toBe((states[30] as AppState).now)
    player.actions.replay?.pause()
    await clock.advance(5000)
    expect(at()).toBe(30)
    player.actions.replay?.seek(-20_000)
    expect(at()).toBe(10)
    player.actions.replay?.pause()
    player.actions.replay?.faster(1)
    await clock.advance(1000)
    expect(at()).toBe(18)
    expect(player.actions.startAll()).toMatchObject({ ok: false })
    await clock.advance(60_000)
    expect(player.store.getState().replay).toMatchObject({ isPaused: true, position: 119_000 })
    player.close()
  })

  const castOf = (version: 2 | 3, frames: Iterable<CastFrame>) =>
    [...castLines({ version, columns: 120, rows: 40, title: 't', startedAt: 1_764_000_000_000 }, frames)].map(
      (line) => JSON.parse(line),
    )

  it('becomes a cast in which only changed rows are written', () => {
    const lines = castOf(2, [
      { time: 0, rows: ['a', 'b'] },
      { time: 500, rows: ['a', 'c'] },
      { time: 900, rows: ['a', 'c'] },
    ])
    expect(lines[0]).toEqual({
      ...{ version: 2, width: 120, height: 40, timestamp: 1_764_000_000, title: 't' },
      env: { TERM: 'xterm-256color' },
    })
    expect(lines[2]).toEqual([0.5, 'o', '\x1b[2;1Hc\x1b[0m'])
    expect(lines).toHaveLength(3)
  })

  it('becomes a cast of version 3, whose times count from the event before and never drift', () => {
    const frames = Array.from({ length: 100 }, (_, index) => ({ time: index * 333.4, rows: [String(index)] }))
    const [header, ...events] = castOf(3, frames)
    expect(header).toEqual({
      ...{ version: 3, timestamp: 1_764_000_000, title: 't' },
      term: { cols: 120, rows: 40, type: 'xterm-256color' },
    })
    expect(events.slice(0, 3).map(([time]) => time)).toEqual([0, 0.333, 0.334])
    const sum = events.reduce((at, [interval]) => at + interval, 0)
    expect(sum).toBeCloseTo((99 * 333.4) / 1000, 3)
  })

  it.each([2, 3] as const)(
    'played as a cast of version %i a terminal shows the very frames',
    async (version) => {
      const shown = states.slice(0, 60)
      const frames = shown.map((state, index) => ({ time: index * 1000, rows: frameOf(state) }))
      const [, ...events] = castOf(version, frames)
      const terminal = new Terminal({ cols: 120, rows: 40, allowProposedApi: true })
      let at = 0
      for (const [time, code, text] of events) {
        expect(code).toBe('o')
        at = version === 2 ? time : at + time
        await new Promise<void>((resolve) => terminal.write(text, resolve))
        const rows = Array.from({ length: 40 }, (_, row) =>
          terminal.buffer.active.getLine(row)?.translateToString(),
        )
        const state = shown[Math.round(at)] as AppState
        expect(rows).toEqual(screenLines(state, initialView, 120, 40).lines.map((line) => plainText(line)))
      }
      expect(at).toBe(59)
      terminal.dispose()
    },
  )
})
