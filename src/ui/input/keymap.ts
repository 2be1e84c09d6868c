/** Every key of the control room as data: what it does, when it can, and what it is called in footer, help and document. */
import type { StageId } from '../../pipeline/ports/stages.ts'
import { NO_TABLES, NOT_CONNECTED, READ_ONLY, RECORDING } from '../../pipeline/state/actions.ts'
import type { AppState } from '../../pipeline/state/state.ts'
import { growsAtEnd, scrollTarget, type ViewState } from './view-state.ts'

/** What a key does, whichever key it is. */
export type Command =
  | StageId
  | 'startAll'
  | 'stopAll'
  | 'moreStations'
  | 'fewerStations'
  | 'setStations'
  | 'burst'
  | 'setShare'
  | 'setInterval'
  | 'palette'
  | 'data'
  | 'sql'
  | 'export'
  | 'rowUp'
  | 'rowDown'
  | 'copy'
  | 'openLink'
  | 'save'
  | 'mouse'
  | 'focusPanel'
  | 'dirty'
  | 'nextPanel'
  | 'previousPanel'
  | 'zoom'
  | 'back'
  | 'up'
  | 'down'
  | 'page'
  | 'filter'
  | 'follow'
  | 'freeze'
  | 'earlier'
  | 'later'
  | 'theme'
  | 'present'
  | 'trace'
  | 'sendOne'
  | 'faults'
  | 'lessons'
  | 'playPause'
  | 'playBack'
  | 'playNext'
  | 'slower'
  | 'faster'
  | 'bet'
  | 'ledger'
  | 'endpoints'
  | 'audience'
  | RoomCommand
  | 'help'
  | 'redraw'
  | 'suspend'
  | 'quit'

/** What the presenter decides while the room for phones is open. */
export type RoomCommand = 'roomMischief' | 'roomPause' | 'roomRate' | 'roomRemove' | 'roomClear' | 'roomNames'

const GROUPS = ['Stages', 'Generator', 'Lesson', 'Screen', 'Session', 'Room'] as const
/** A heading in help and document. */
export type Group = (typeof GROUPS)[number]

/** What must be so for a key to act. */
export type Need =
  | 'start'
  | 'control'
  | 'tables'
  | 'list'
  | 'scrollable'
  | 'room'
  | 'lesson'
  | 'recording'
  | 'lessonOrRecording'

/** One command. Footer, help, palette and `docs/keys.md` are made from these. */
export interface KeyBinding {
  command: Command
  /** None: it is run from the palette alone. As the input names them: a character, or `tab`, `return`, `escape`, `up`, …, with `shift+` or `ctrl+` before it. */
  keys: readonly string[]
  /** As people read them. */
  shown: string
  /** For help and palette. */
  does: string
  needs?: Need
  /** In the footer: key and label, and its rank; the highest ranks go first where there is too little room. */
  footer?: { key: string; label: string; rank: number }
  group: Group
}

const bind = (
  group: Group,
  command: Command,
  keys: readonly string[],
  does: string,
  more: Partial<Pick<KeyBinding, 'shown' | 'needs' | 'footer'>> = {},
): KeyBinding => ({ group, command, keys, shown: keys[0] ?? PALETTE, does, ...more })

/** The key of the palette, for what has none of its own. */
const PALETTE = ':'
const room = (command: RoomCommand, does: string) => bind('Room', command, [], does, { needs: 'room' })

const hint = (key: string, label: string, rank: number) => ({ footer: { key, label, rank } })
const start = { needs: 'start' } as const
const control = { needs: 'control' } as const
const tables = { needs: 'tables' } as const
const played = { needs: 'lessonOrRecording' } as const

/** What pagers and k9s have too: many laptops have no keys for pages. Where text is typed, some of them edit it. */
export const PAGE_KEYS: Readonly<Record<string, 'pageup' | 'pagedown'>> = {
  'ctrl+b': 'pageup',
  'ctrl+f': 'pagedown',
  'ctrl+u': 'pageup',
  'ctrl+d': 'pagedown',
}

/** In the order of help and document. */
export const KEYMAP: readonly KeyBinding[] = [
  bind('Stages', 'generator', ['1'], 'start or stop the generator', {
    ...start,
    ...hint('1–5', 'start/stop', 1),
  }),
  bind('Stages', 'streamAnalytics', ['2'], 'start or stop the Stream Analytics job', start),
  bind('Stages', 'silver', ['3'], 'start or stop silver, a Databricks run', start),
  bind('Stages', 'gold', ['4'], 'start or stop gold, a Databricks run', start),
  bind('Stages', 'aggregate', ['5'], 'start or stop the aggregate, a Synapse run', start),
  bind('Stages', 'startAll', ['a'], 'start all stages, in order', { ...start, ...hint('a', 'all', 1) }),
  bind('Stages', 'stopAll', ['x'], 'stop all stages, in reverse order; asks first', {
    ...control,
    ...hint('x', 'stop', 1),
  }),
  bind('Generator', 'moreStations', ['+', '='], 'twice as many stations', {
    ...control,
    ...hint('+/−', 'rate', 2),
  }),
  bind('Generator', 'fewerStations', ['-', '_'], 'half as many stations', { ...control, shown: '−' }),
  bind('Generator', 'setStations', ['n'], 'type the number of stations', control),
  bind('Generator', 'burst', ['b'], 'burst: ten times as many readings for 10 s', {
    ...control,
    ...hint('b', 'burst', 5),
  }),
  bind('Generator', 'dirty', ['d'], 'dirty data on or off', { ...control, ...hint('d', 'dirty', 4) }),
  bind('Generator', 'setShare', ['D'], 'type the share of dirty data', control),
  bind('Generator', 'setInterval', ['i'], 'type how often each station reports', control),
  bind('Lesson', 'trace', ['T'], 'follow the newest event; in an opened one, t follows it'),
  bind('Lesson', 'sendOne', ['w'], 'send a reading of your own, and follow it', control),
  bind('Lesson', 'faults', ['F'], 'break something on purpose; esc mends it', control),
  bind('Lesson', 'lessons', ['L'], 'lessons: steps with bets, on this screen'),
  bind('Lesson', 'playNext', ['.'], 'next step; in a recording ten seconds on', played),
  bind('Lesson', 'playBack', [','], 'step before; in a recording ten seconds back', played),
  bind('Lesson', 'playPause', [' '], 'pause lesson or recording; again: go on', {
    ...played,
    shown: 'space',
  }),
  bind('Lesson', 'slower', ['<'], 'play the recording half as fast', { needs: 'recording' }),
  bind('Lesson', 'faster', ['>'], 'play the recording twice as fast', { needs: 'recording' }),
  bind('Lesson', 'bet', ['B', 'C'], 'bet on an answer of the lesson', { needs: 'lesson', shown: 'A B C' }),
  bind(
    'Screen',
    'nextPanel',
    ['tab', 'right'],
    'focus the next panel; ← → in a wide table: its columns; in the zoomed log: whose lines',
    {
      shown: 'tab →',
      ...hint('tab', 'panel', 2),
    },
  ),
  bind('Screen', 'previousPanel', ['shift+tab', 'left'], 'focus the previous panel', {
    shown: 'shift+tab ←',
  }),
  bind('Screen', 'zoom', ['return'], 'zoom the focused panel: full screen, more detail', {
    shown: 'enter',
    ...hint('enter', 'zoom', 2),
  }),
  bind(
    'Screen',
    'back',
    ['escape'],
    'back: from help, zoom, presenter mode, filter, scrolling, one at a time',
    {
      shown: 'esc',
    },
  ),
  bind('Screen', 'up', ['up'], 'scroll up; where nothing scrolls, the panel before', {
    shown: '↑',
  }),
  bind('Screen', 'down', ['down'], 'scroll down; where nothing scrolls, the next panel', {
    shown: '↓',
  }),
  bind(
    'Screen',
    'page',
    ['pageup', 'pagedown', 'home', 'end', ...Object.keys(PAGE_KEYS)],
    'scroll by pages, or to an end',
    { shown: 'PgUp…End', needs: 'scrollable' },
  ),
  bind('Screen', 'rowDown', ['j'], 'choose the next row of the panel; enter opens it'),
  bind('Screen', 'rowUp', ['k'], 'choose the row above'),
  bind(
    'Screen',
    'focusPanel',
    ['alt+1', 'alt+2', 'alt+3', 'alt+4', 'alt+5', 'alt+6', 'alt+7', 'alt+8'],
    'focus a panel by its number: rate, hub, job, lake, databricks, synapse, events, log',
    { shown: 'alt+1…8' },
  ),
  bind('Screen', 'filter', ['/'], 'filter the log and the events', hint('/', 'filter', 3)),
  bind('Screen', 'follow', ['f'], 'follow the newest line of the focused list again', { needs: 'list' }),
  bind(
    'Screen',
    'freeze',
    ['p'],
    'freeze the screen, not the pipeline; again: go on',
    hint('p', 'freeze', 3),
  ),
  bind('Screen', 'earlier', ['['], 'back in time in the chart, up to an hour'),
  bind('Screen', 'later', [']'], 'towards now in the chart'),
  bind('Screen', 'present', ['v'], 'presenter mode: large digits for a room; again, or esc: back'),
  bind('Screen', 'theme', ['t'], 'the next theme: dark, light, color-blind, high-contrast, ansi, mono'),
  bind('Screen', 'copy', ['y'], 'copy the chosen row, or what is opened, to the clipboard of the terminal'),
  bind(
    'Screen',
    'openLink',
    ['g'],
    'open what is chosen in a browser: portal, run, notebook; without one, show its address',
  ),
  bind('Screen', 'mouse', ['m'], 'take clicks and the wheel, or leave them to the terminal'),
  bind('Screen', 'save', ['ctrl+s'], 'the screen to a file, beside the log: text, ANSI and SVG'),
  bind('Session', 'data', ['o'], 'the newest rows of the chosen layer of the lake, else of silver', tables),
  bind('Session', 'sql', ['s'], 'ask the layers in SQL; ↑ brings earlier and prepared questions', tables),
  bind('Session', 'export', ['E'], 'export a table to a file, CSV or Parquet; type its name', tables),
  bind('Session', 'palette', [':'], 'find an action by a few of its letters, and run it'),
  bind('Session', 'ledger', ['l'], 'the ledger hop by hop, and the five assertions', hint('l', 'ledger', 4)),
  bind(
    'Session',
    'endpoints',
    ['e'],
    'connection strings and addresses for other programs',
    hint('e', 'endpoints', 6),
  ),
  bind('Session', 'audience', ['A'], 'the room for phones: open it and show its code; again: close it'),
  bind('Session', 'redraw', ['ctrl+l'], 'draw the screen anew, after something else has written on it'),
  bind('Session', 'suspend', ['ctrl+z'], 'back to the shell; the pipeline rests too until fg'),
  bind(
    'Session',
    'help',
    ['?', 'h'],
    'every action with its key; / searches, enter runs',
    hint('?', 'help', 1),
  ),
  bind(
    'Session',
    'quit',
    ['q', 'ctrl+c'],
    'close what lies on top; else quit, asked first while stages run',
    hint('q', 'quit', 0),
  ),
  room('roomMischief', 'allow phones mischief, or good readings only: rubbish, send it twice'),
  room('roomPause', 'pause the room: phones wait; again: go on'),
  room('roomRate', 'type how many readings a second each phone may send'),
  room('roomRemove', 'remove a phone from the room: type its name'),
  room('roomClear', 'clear the names of all phones: animals instead'),
  room('roomNames', 'allow phones names of their own, or animals only'),
]

const byKey = new Map(KEYMAP.flatMap((binding) => binding.keys.map((key) => [key, binding] as const)))

/** Undefined: the key has no command. */
export const bindingOf = (key: string): KeyBinding | undefined => byKey.get(key)

/** They ask first. Taken for a half of alt+key they would leave the answer, `250` or a letter of the list, to be commands. */
const ASKING: ReadonlySet<Command> = new Set(['setStations', 'setShare', 'setInterval', 'sendOne', 'faults'])

/** Keys that act on the pipeline or end the session, and those that focus panels with alt: never by half a sequence. */
export const isRisky = (key: string): boolean => {
  const { command, needs } = bindingOf(key) ?? {}
  if (command === undefined) return /^[0-9]$/.test(key)
  return command === 'quit' || ((needs === 'start' || needs === 'control') && !ASKING.has(command))
}

interface NeedRule {
  /** For the document. */
  text: string
  whyNot(state: AppState, view: ViewState, isScrollable: boolean): string | undefined
}

/** For keys of a lesson while there is none. */
export const NO_LESSON = 'No lesson is being played: L has them.'

const isOff = ({ session, replay }: AppState): string | undefined =>
  replay ? RECORDING : session.readOnly ? READ_ONLY : undefined

/** When a key can do something. `whyNot` gives the reason for a person; undefined: it can. */
export const NEEDS: Readonly<Record<Need, NeedRule>> = {
  start: {
    text: 'not read-only; while connecting: it starts then',
    whyNot: isOff,
  },
  control: {
    text: 'connected, and not read-only',
    whyNot: (state) => isOff(state) ?? (state.session.connected ? undefined : NOT_CONNECTED),
  },
  tables: {
    text: 'not in a recording',
    whyNot: ({ replay }) => (replay ? NO_TABLES : undefined),
  },
  list: {
    text: 'events or log in focus',
    whyNot: (_state, view) =>
      growsAtEnd(scrollTarget(view)) ? undefined : 'Only events and log follow: tab focuses them.',
  },
  room: {
    text: 'the room for phones is open, and not read-only',
    whyNot: (state) =>
      isOff(state) ?? (state.audience?.phase === 'open' ? undefined : 'No room is open: A opens one.'),
  },
  lesson: {
    text: 'a lesson is played',
    whyNot: ({ lesson }) => (lesson ? undefined : NO_LESSON),
  },
  recording: {
    text: 'a recording is played',
    whyNot: ({ replay }) => (replay ? undefined : 'Only a recording has a speed.'),
  },
  lessonOrRecording: {
    text: 'a lesson or a recording is played',
    whyNot: ({ lesson, replay }) => (lesson || replay ? undefined : NO_LESSON),
  },
  scrollable: {
    text: 'more lines than are shown',
    whyNot: (_state, _view, isScrollable) =>
      isScrollable ? undefined : 'Everything of this panel is shown.',
  },
}

/** Why a key cannot act now, for a person; undefined: it can. */
export const whyNot = (
  binding: KeyBinding,
  state: AppState,
  view: ViewState,
  isScrollable: boolean,
): string | undefined => binding.needs && NEEDS[binding.needs].whyNot(state, view, isScrollable)

/** docs/keys.md */
export function keysDocument(): string {
  const keysOf = (binding: KeyBinding) =>
    binding.keys.length === 0
      ? `\`${PALETTE}\` and its words`
      : binding.keys.map((key) => `\`${NAMES[key] ?? key}\``).join(' ')
  const table = (group: Group) =>
    [
      '| key | does | when |',
      '|---|---|---|',
      ...KEYMAP.filter((one) => one.group === group).map(
        (one) => `| ${keysOf(one)} | ${one.does} | ${one.needs ? NEEDS[one.needs].text : ''} |`,
      ),
    ].join('\n')
  return [
    '# Keys',
    '',
    'Made from `src/ui/input/keymap.ts` by `npm run docs`. A key that cannot act says why in the last line of the screen.',
    ...GROUPS.flatMap((group) => ['', `## ${group}`, '', table(group)]),
    '',
  ].join('\n')
}

const NAMES: Readonly<Record<string, string>> = {
  ' ': 'space',
  return: 'enter',
  escape: 'esc',
  up: '↑',
  down: '↓',
  left: '←',
  right: '→',
  pageup: 'PgUp',
  pagedown: 'PgDn',
  home: 'Home',
  end: 'End',
}
