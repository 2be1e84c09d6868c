/** Changes of the screen: what a terminal sends, what is pasted, where panels stand, and what a session may write over. */
import { type Mutation, of } from './mutation.ts'

export const SCREEN: readonly Mutation[] = [
  ...of(
    'ui/input/tokenizer.ts',
    ['test/ui/input/tokenizer.test.ts'],
    [
      ['a pasted text has no bound', 'const PASTE_LIMIT = 10_000', 'const PASTE_LIMIT = 10_000_000'],
      ['an answer of a terminal has no bound', 'else if (this.#held.length < REPORT_LIMIT)', 'else'],
      [
        'ctrl+c does not get out of an answer',
        "if (character === '\\x03') {\n      this.#begin('ground')\n      return this.#key('ctrl+c')",
        "if (character === '\\x03') {\n      return this.#key('ctrl+d')",
      ],
    ],
  ),
  ...of(
    'ui/input/tokens.ts',
    ['test/ui/input/tokenizer.test.ts'],
    [['ctrl+\\ says nothing', 'code >= 28 && code <= 31', 'code >= 32 && code <= 31']],
  ),
  ...of(
    'ui/input/unmarked-paste.ts',
    ['test/ui/app/screen.test.ts', 'test/ui/input/keymap.test.ts'],
    [['digits in any order are stages', '!/^1?2?3?4?5?6?7?8?9?$/.test(digits)', 'false']],
  ),
  ...of(
    'ui/layout.ts',
    ['test/ui/layout.test.ts'],
    [
      ['narrow windows have panels side by side', '[80, tall]', '[0, tall]'],
      ['a lesson may take the strip', 'Math.min(STEP_ROWS, rows - heightOf(bare, columns))', 'STEP_ROWS'],
      ['covers have no room in small windows', 'isCovered && !hasRoomForBoth(columns, rows)', 'false'],
    ],
  ),
  ...of(
    'ui/strip/header.ts',
    ['test/ui/app/screen-lines.test.ts'],
    [['marks are cut', 'lineWidth(one) + least <= width', 'lineWidth(one) > 0']],
  ),
  ...of(
    'ui/strip/presenter.ts',
    ['test/ui/app/screen-lines.test.ts'],
    [['large digits are cut', 'Math.min(PER_ROW, Math.floor((width - 2) / bigColumns(1)))', 'PER_ROW']],
  ),
  ...of(
    'ui/ink/hand-over.ts',
    ['test/ui/control-room.test.ts'],
    [['the size is that of before the sleep', 'if (!hasJobs) return', 'return']],
  ),
  ...of(
    'commands/terminal/end-with-process.ts',
    ['test/ui/control-room.test.ts'],
    [['SIGQUIT leaves the terminal raw', "  'SIGQUIT',", '']],
  ),
  ...of(
    'commands/reports/session-files.ts',
    ['test/commands/reports/session-files.test.ts'],
    [
      [
        'a recording empties what is there',
        'if (record !== undefined && !overwrite) requireUnused(record)',
        '',
      ],
      ['an empty file is in use', '!there?.isFile() || there.size === 0', '!there?.isFile()'],
      ['recording and report are one file', 'resolve(record) === resolve(report)', 'record === report'],
    ],
  ),
  ...of(
    'commands/reports/report-file.ts',
    ['test/commands/reports/session-files.test.ts'],
    [
      [
        'links to the recording are other files',
        'from.dev !== to.dev || from.ino !== to.ino',
        'source !== target',
      ],
    ],
  ),
]
