/** Every key of the control room as data: the footer, the help and docs/keys.md are made of it. */
import type { AppState } from '../pipeline/state.ts'

export type Command =
  | 'generator'
  | 'streamAnalytics'
  | 'silver'
  | 'gold'
  | 'aggregate'
  | 'startAll'
  | 'stopAll'
  | 'moreStations'
  | 'fewerStations'
  | 'setStations'
  | 'burst'
  | 'dirty'
  | 'nextPanel'
  | 'previousPanel'
  | 'zoom'
  | 'back'
  | 'filter'
  | 'freeze'
  | 'follow'
  | 'endpoints'
  | 'books'
  | 'scroll'
  | 'help'
  | 'quit'

export interface KeyBinding {
  command: Command
  /** As the input names them: a character, or `tab`, `return`, `escape`, `up`, …, with `shift+` or `ctrl+` before it. */
  keys: readonly string[]
  /** As people read them. */
  shown: string
  /** What it does, for the help and the document. */
  does: string
  /** Short, for the footer; undefined: not there. */
  footer?: string
  group: 'Stages' | 'Generator' | 'Screen' | 'Session'
}

export const KEYMAP: readonly KeyBinding[] = [
  {
    command: 'generator',
    keys: ['1'],
    shown: '1',
    does: 'start or stop the generator',
    footer: '1–5 start/stop',
    group: 'Stages',
  },
  {
    command: 'streamAnalytics',
    keys: ['2'],
    shown: '2',
    does: 'start or stop the Stream Analytics job',
    group: 'Stages',
  },
  { command: 'silver', keys: ['3'], shown: '3', does: 'start or stop silver (Databricks)', group: 'Stages' },
  { command: 'gold', keys: ['4'], shown: '4', does: 'start or stop gold (Databricks)', group: 'Stages' },
  {
    command: 'aggregate',
    keys: ['5'],
    shown: '5',
    does: 'start or stop the aggregate (Synapse)',
    group: 'Stages',
  },
  {
    command: 'startAll',
    keys: ['a'],
    shown: 'a',
    does: 'start all stages, in order',
    footer: 'a all',
    group: 'Stages',
  },
  {
    command: 'stopAll',
    keys: ['x'],
    shown: 'x',
    does: 'stop all stages, in reverse order (asks first)',
    footer: 'x stop',
    group: 'Stages',
  },
  {
    command: 'moreStations',
    keys: ['+', '='],
    shown: '+',
    does: 'twice as many stations',
    footer: '+/− stations',
    group: 'Generator',
  },
  {
    command: 'fewerStations',
    keys: ['-', '_'],
    shown: '−',
    does: 'half as many stations',
    group: 'Generator',
  },
  {
    command: 'setStations',
    keys: ['n'],
    shown: 'n',
    does: 'type the number of stations',
    group: 'Generator',
  },
  {
    command: 'burst',
    keys: ['b'],
    shown: 'b',
    does: 'burst: ten times as many readings for 10 s',
    footer: 'b burst',
    group: 'Generator',
  },
  {
    command: 'dirty',
    keys: ['d'],
    shown: 'd',
    does: 'dirty data on or off',
    footer: 'd dirty',
    group: 'Generator',
  },
  {
    command: 'nextPanel',
    keys: ['tab', 'right'],
    shown: 'tab →',
    does: 'focus the next panel',
    footer: 'tab panel',
    group: 'Screen',
  },
  {
    command: 'previousPanel',
    keys: ['shift+tab', 'left'],
    shown: 'shift+tab ←',
    does: 'focus the previous panel',
    group: 'Screen',
  },
  {
    command: 'zoom',
    keys: ['return'],
    shown: 'enter',
    does: 'zoom the focused panel to the full screen, with more detail',
    footer: '⏎ zoom',
    group: 'Screen',
  },
  {
    command: 'back',
    keys: ['escape'],
    shown: 'esc',
    does: 'leave the zoom, a question, a filter',
    group: 'Screen',
  },
  {
    command: 'scroll',
    keys: ['up', 'down', 'pageup', 'pagedown', 'home', 'end'],
    shown: '↑ ↓ PgUp PgDn Home End',
    does: 'scroll the focused list',
    group: 'Screen',
  },
  {
    command: 'follow',
    keys: ['f'],
    shown: 'f',
    does: 'follow the newest line of the focused list again',
    group: 'Screen',
  },
  {
    command: 'filter',
    keys: ['/'],
    shown: '/',
    does: 'filter the log and the events',
    footer: '/ filter',
    group: 'Screen',
  },
  {
    command: 'freeze',
    keys: ['p'],
    shown: 'p',
    does: 'freeze the screen, not the pipeline',
    footer: 'p freeze',
    group: 'Screen',
  },
  {
    command: 'books',
    keys: ['l'],
    shown: 'l',
    does: 'the ledger hop by hop, and the five assertions',
    footer: 'l books',
    group: 'Session',
  },
  {
    command: 'endpoints',
    keys: ['e'],
    shown: 'e',
    does: 'connection strings and addresses for other clients',
    footer: 'e endpoints',
    group: 'Session',
  },
  { command: 'help', keys: ['?', 'h'], shown: '?', does: 'this help', footer: '? help', group: 'Session' },
  {
    command: 'quit',
    keys: ['q', 'ctrl+c'],
    shown: 'q',
    does: 'quit; the data stays',
    footer: 'q quit',
    group: 'Session',
  },
]

const byKey = new Map(KEYMAP.flatMap((binding) => binding.keys.map((key) => [key, binding] as const)))

export const bindingOf = (key: string): KeyBinding | undefined => byKey.get(key)

/** Stage keys show what they would do now. */
export function footerBindings(_state: AppState): readonly KeyBinding[] {
  return KEYMAP.filter((binding) => binding.footer !== undefined)
}

/** docs/keys.md */
export function keysDocument(): string {
  const groups = [...new Set(KEYMAP.map((binding) => binding.group))]
  const table = (group: string) =>
    [
      '| key | does |',
      '|---|---|',
      ...KEYMAP.filter((one) => one.group === group).map((one) => `| ${one.shown} | ${one.does} |`),
    ].join('\n')
  return [
    '# Keys',
    '',
    'Made from `src/ui/keymap.ts` by `npm run docs`.',
    ...groups.flatMap((group) => ['', `## ${group}`, '', table(group)]),
    '',
  ].join('\n')
}
