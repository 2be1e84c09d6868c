/** docs/workshop.md, made from the lessons: what is printed there is what the screen shows. */
import { join } from 'node:path'
import { readLessons } from '../src/commands/shared/lessons.ts'
import type { Condition, Lesson, LessonStep } from '../src/pipeline/lessons/lesson.ts'

const FOLDER = join(import.meta.dirname, '../lessons')

export function workshopDocument(): string {
  return [
    '# Lessons',
    '',
    'Made from `lessons/` by `npm run docs`. `rtstream-tui lesson NAME` plays one on the screen, `L` lists them there; each step sees by itself when its',
    'claim is visible. `.` goes on, `,` goes back, `space` pauses, `A` `B` `C` bet. A recording (`--record FILE`, [recording.md](recording.md)) is the rescue when',
    'a network fails, and `--report report.html` what the audience takes home.',
    '',
    'Before: Node 22.19 or newer; `npm install --global rtstream-tui` and `rtstream-tui doctor`, with a network, once. A terminal of 120×40 or more and a',
    'large font; `--data-dir lesson` keeps a rehearsal apart. On Azure: [azure.md](azure.md), the day before.',
    ...readLessons(FOLDER).flatMap(lessonText),
    '',
    ...OWN,
    '',
  ].join('\n')
}

function lessonText(lesson: Lesson): string[] {
  return [
    '',
    `## ${lesson.title}`,
    '',
    `\`rtstream-tui lesson ${lesson.name}\``,
    '',
    lesson.introduction,
    ...lesson.steps.flatMap((step, index) => stepText(step, index)),
  ]
}

function stepText(step: LessonStep, index: number): string[] {
  const { heading, caption, press, question, options, answer, check, say, target } = step
  return [
    '',
    `### ${index + 1}. ${heading}${target === undefined ? '' : ` (${target === 'azure' ? 'on Azure' : 'offline'})`}`,
    '',
    caption,
    ...(press === undefined
      ? []
      : [
          '',
          `*Press* ${press
            .split(' ')
            .map((key) => `\`${key}\``)
            .join(' ')}`,
        ]),
    ...(question === undefined
      ? []
      : [
          '',
          `*Bet:* ${question} ${options.map((option, at) => (at === answer ? `**${option}**` : option)).join(' / ')}`,
        ]),
    ...(say === undefined
      ? []
      : ['', `*Seen* when ${check.map(conditionText).join(' and ') || 'it is shown'}: ${say}`]),
  ]
}

const conditionText = ({ path, isIncrease, compare, value }: Condition) =>
  `\`${isIncrease ? '+' : ''}${path.join('.')} ${compare} ${value}\``

const OWN = [
  '## A lesson of your own',
  '',
  'A Markdown file, played with `rtstream-tui lesson ./mine.md`: a title and minutes between two lines of `---`, then a step under each `##`. Lines that begin',
  'with one of these words say what it does; all others are its caption.',
  '',
  '| line | meaning |',
  '|---|---|',
  '| `press: F e` | keys, as people read them |',
  '| `bet: question \\| answer \\| answer` | two or three answers; `answer: 1` names the right one |',
  '| `check: ledger.lost = 0 and +ledger.gold >= 10` | seen when all of it holds; `+` is the increase since the step began. Names are those of `AppState` (src/pipeline/state/state.ts); a member of a list is found by its `name`, `id` or `step` |',
  '| `say: …` | what to say then |',
  '| `target: local` | for this target only |',
]
