/** Every mode of the screen: a state, and the keys that lead there. For goldens, and for pictures. */
import { resolve } from 'node:path'
import { readLessons } from '../../../src/commands/shared/lessons.ts'
import { FAULTS } from '../../../src/pipeline/faults/registry.ts'
import { STAGE_IDS } from '../../../src/pipeline/ports/stages.ts'
import type { ActiveFault, AppState, LessonSlice } from '../../../src/pipeline/state/state.ts'
import { Screen } from '../../../src/ui/app/screen.ts'
import type { Line } from '../../../src/ui/text/line.ts'
import { fakePipeline } from '../fake-pipeline.ts'
import { ROOM } from '../open-room.ts'
import { scenarios } from '../scenario.ts'
import { followed } from './followed.ts'
import { madeUpLake } from './made-up-lake.ts'

export interface Mode {
  state: () => AppState
  /** As the key map names them. */
  keys: readonly string[]
  /** What the room says when it is there: without it, a key has not done what was meant. */
  shows: string | RegExp
}

const { allRunning, failing, starting, readOnly, beforeConnect, allStopped } = scenarios
const running = (changes: Partial<AppState>) => (): AppState => ({ ...allRunning(), ...changes })

/** Nobody is signed in to Azure: nothing was read, and every service says the same. */
export function unsigned(): AppState {
  const before = beforeConnect()
  const detail = 'nobody is signed in — az login'
  return {
    ...before,
    session: { ...before.session, target: 'azure', connected: true },
    stages: Object.fromEntries(
      STAGE_IDS.map((id) => {
        const stage = allStopped().stages[id]
        const unread = {
          ...stage,
          state: 'unknown',
          providerStatus: '',
          detail,
          updatedAt: undefined,
        } as const
        return [id, id === 'generator' ? stage : unread]
      }),
    ) as AppState['stages'],
    hub: { ...before.hub, error: detail },
    log: [
      { at: before.now - 3000, level: 'error', source: 'session', message: 'Nobody is signed in — az login' },
    ],
  }
}

const LESSONS = readLessons(resolve(import.meta.dirname, '../../../lessons'))
const lessons = LESSONS.map(({ name, title, minutes }) => ({ name, title, minutes }))

function lesson(): LessonSlice {
  const [one] = LESSONS
  const index = one?.steps.findIndex(({ question }) => question !== undefined) ?? -1
  const step = one?.steps[index]
  if (!one || !step) throw new Error('no lesson asks anything')
  const { name, title, steps } = one
  return { ...step, name, title, index, count: steps.length, bet: 0, isSeen: false, isPaused: false }
}

function broken(): ActiveFault[] {
  return FAULTS.slice(0, 1).map(({ name, title, happens, seen }) => ({
    ...{ name, title, happens, seen },
    ...{ since: allRunning().now - 4000, until: undefined, state: 'active' },
  }))
}

const CODE = Array.from({ length: 17 }, (_, row) =>
  Array.from({ length: 33 }, (_, column) => '█▀▄ '[(row * 7 + column * 5 + ((row * column) % 3)) % 4]).join(
    '',
  ),
)

const openRoom = {
  ...ROOM,
  qr: CODE,
  phones: 12,
  connected: 11,
  acknowledged: 431,
  rate: 6,
  senders: [
    { name: 'Otter', at: allRunning().now - 400 },
    { name: 'Lynx', at: allRunning().now - 900 },
  ],
} as const

/** The events as the hub gives them: with their bodies. */
const opened = (): AppState => {
  const state = allRunning()
  return {
    ...state,
    events: state.events.map((event, index) => ({
      ...event,
      body: JSON.stringify({
        eventId: `0198d3a5-7c21-7a00-8${String(index).padStart(3, '0')}-5f1e0c9b2d44`,
        deviceId: event.deviceId,
        city: event.city,
        temperature: event.temperature,
        humidity: event.humidity,
      }),
      trace: { kind: 'position', partition: String(index % 4), sequenceNumber: 1800 + index } as const,
    })),
  }
}

const zoom = (panel: number, state: () => AppState = allRunning): Mode => ({
  state,
  keys: [`alt+${panel}`, 'return'],
  shows: 'esc back',
})
/** The newest rows of a layer: chosen in the lake, zoomed, so many rows down. */
const data = (row: number, shows: string | RegExp): Mode => ({
  state: allRunning,
  keys: ['alt+4', 'return', ...Array<string>(row + 1).fill('j'), 'o'],
  shows,
})

export const MODES = {
  main: { state: allRunning, keys: [], shows: 'rtstream' },
  presenter: { state: allRunning, keys: ['v'], shows: /created→gold p95/ },
  'presenter-failing': { state: failing, keys: ['v'], shows: /created→gold p95/ },
  help: { state: allRunning, keys: ['?'], shows: '/ searches' },
  palette: { state: allRunning, keys: [':', ...'burs'], shows: /burs▏/ },
  'data-bronze': data(0, 'newest rows of bronze'),
  'data-silver': data(1, 'newest rows of silver'),
  'data-quarantine': data(2, 'newest rows of quarantine'),
  'data-gold': data(3, 'newest rows of gold'),
  'data-by-minute': data(4, 'newest rows of by minute'),
  'data-aggregated': data(5, 'newest rows of aggregated'),
  'data-row': {
    state: allRunning,
    keys: ['o', 'j', 'j', 'j', 'return'],
    shows: /deviceSequenceNumber +\d/,
  },
  'sql-question': { state: allRunning, keys: ['s', 'up'], shows: 'SQL over the layers' },
  export: { state: allRunning, keys: ['E', ...'gold parquet'], shows: /Which one\? +gold parquet/ },
  'sql-answer': { state: allRunning, keys: ['s', 'up', 'return'], shows: '12 rows, from 95 files' },
  'sql-mistake': {
    state: allRunning,
    keys: ['s', ...'SELECT * FROM weather', 'return'],
    shows: 'The query failed.',
  },
  event: { state: opened, keys: ['alt+7', 'j', 'return'], shows: 't follows it' },
  run: { state: allRunning, keys: ['alt+5', 'return', 'j', 'j', 'return'], shows: 'esc closes' },
  commit: {
    state: allRunning,
    keys: ['alt+4', 'return', ...Array<string>(20).fill('j'), 'return'],
    shows: /commit|file of/,
  },
  trace: { state: running({ trace: followed() }), keys: ['T'], shows: 'one event' },
  'trace-strip': { state: running({ trace: followed() }), keys: [], shows: 'made' },
  'zoom-rate': zoom(1),
  'zoom-hub': zoom(2),
  'zoom-job': zoom(3),
  'zoom-lake': zoom(4),
  'zoom-databricks': zoom(5),
  'zoom-synapse': zoom(6),
  'zoom-events': zoom(7),
  'zoom-log': zoom(8, failing),
  'log-of-silver': {
    state: failing,
    keys: ['alt+8', 'return', 'right', 'right', 'right', 'right'],
    shows: /silver 3|silver +\d/,
  },
  ledger: { state: failing, keys: ['l'], shows: 'five assertions' },
  endpoints: { state: allRunning, keys: ['e'], shows: 'esc closes' },
  filter: { state: allRunning, keys: ['/', ...'silver'], shows: 'filter  silver' },
  'filter-empty': { state: allRunning, keys: ['/', ...'zzz', 'return'], shows: 'nothing matches' },
  quit: { state: allRunning, keys: ['q'], shows: 'quit, or q again at once' },
  'quit-azure': { state: starting, keys: ['q'], shows: 'leave them running' },
  costs: {
    state: () => ({ ...allStopped(), session: { ...allStopped().session, target: 'azure' } }),
    keys: ['2'],
    shows: 'start on Azure?',
  },
  'stop-all': { state: allRunning, keys: ['x'], shows: 'stop all stages?' },
  stations: { state: allRunning, keys: ['n', ...'250'], shows: 'How many?  250' },
  'own-reading': { state: allRunning, keys: ['w', ...'Oslo', 'tab', ...'21'], shows: 'send one reading' },
  frozen: { state: allRunning, keys: ['p'], shows: /frozen/i },
  'back-in-time': { state: allRunning, keys: ['[', '[', '[', '['], shows: '−' },
  refused: { state: readOnly, keys: ['a'], shows: 'Read-only:' },
  unsigned: { state: unsigned, keys: [], shows: 'az login' },
  connecting: { state: beforeConnect, keys: [], shows: 'connecting' },
  faults: { state: allRunning, keys: ['F'], shows: 'break something' },
  broken: { state: running({ faults: broken() }), keys: [], shows: 'esc mends it' },
  lessons: { state: running({ lessons }), keys: ['L'], shows: 'lessons' },
  lesson: { state: running({ lessons, lesson: lesson() }), keys: [], shows: 'bet' },
  audience: { state: running({ audience: openRoom }), keys: ['A'], shows: 'MKBYBSMHFB' },
  'audience-address': {
    state: running({
      audience: {
        ...openRoom,
        phase: 'choosing',
        url: undefined,
        addresses: [
          { name: 'wlan0', address: '192.168.1.20' },
          { name: 'lo', address: '127.0.0.1' },
        ],
      },
    }),
    keys: ['A'],
    shows: '192.168.1.20',
  },
  replay: {
    state: running({ replay: { position: 71_000, durationMs: 300_000, speed: 2, isPaused: false } }),
    keys: [],
    shows: '< > speed',
  },
} as const satisfies Record<string, Mode>
export type ModeName = keyof typeof MODES

/** The screen of a mode in a size, once what it has asked for has come. */
export async function drawMode(
  name: ModeName,
  columns: number,
  rows: number,
  paint: (line: Line) => string,
): Promise<{ rows: readonly string[]; repaint(paint: (line: Line) => string): readonly string[] }> {
  const { state, keys } = MODES[name]
  const pipeline = fakePipeline(state())
  const lake = madeUpLake()
  const screen = new Screen({
    ...pipeline,
    paint,
    acceptCosts: false,
    query: () => lake,
    monotonic: () => 0,
    onQuit: () => {},
    onHandOver: () => undefined,
  })
  const close = screen.subscribe(() => {})
  screen.frame(columns, rows)
  for (const key of keys) {
    screen.press([key])
    screen.frame(columns, rows)
    // What was asked for is here before the next key.
    await Promise.resolve()
    for (let turn = 0; turn < 100 && screen.frame(columns, rows).rows.join('').includes('asking …'); turn++)
      await Promise.resolve()
  }
  const drawn = screen.frame(columns, rows).rows
  close()
  return {
    rows: drawn,
    repaint(other) {
      screen.repaint(other)
      return screen.frame(columns, rows).rows
    },
  }
}
