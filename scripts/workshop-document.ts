/** docs/workshop.md, made from the lessons: what is printed there is what the screen shows. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readLessons } from '../src/commands/shared/lessons.ts'
import type { Condition, Lesson, LessonStep } from '../src/pipeline/lessons/lesson.ts'

const FOLDER = join(import.meta.dirname, '../lessons')

/** `npm run docs` writes it; a test compares it with the file. */
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
    ...sparkExercise(),
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

/** A program for the participants: what is printed is what they run, and what the tests run. */
const sparkExercise = () => [
  '## An exercise: read it with Spark',
  '',
  'For a room with laptops, after the first lesson; a quarter of an hour. Needed: Java 17, and `pip install pyspark` (3.5 or 4); the first start fetches',
  "Spark's Kafka source. The event hub speaks Kafka, as Databricks reads it, and has the very events that the pipeline reads.",
  '',
  '1. In the room, `1` starts the generator and `d` makes one reading of twenty dirty. A second terminal gets the addresses and the key:',
  '   `rtstream-tui endpoints --json > endpoints.json`.',
  '2. `python read_with_spark.py endpoints.json` prints the readings and the mean temperature of each city. The file lies in `lessons/`:',
  '',
  '```python',
  readFileSync(join(FOLDER, 'read_with_spark.py'), 'utf8').trimEnd(),
  '```',
  '',
  '3. Questions. Why is there a row without a city, and what has silver made of its readings? Why do the counts differ from `ledger.aggregated`? What changes',
  '   when the program runs twice, without a checkpoint? Take the trigger away: how soon is a new reading in the table?',
  '4. Beside it: a Kafka consumer group in the zoomed panel of the event hub shows how far each reader is. Spark has none: it keeps its place in its checkpoint.',
]

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
  '| `check: ledger.lost = 0 and +ledger.gold >= 10` | seen when all of it holds; `+` is the increase since the step began. Names are those of `AppState` (src/pipeline/state/state.ts); a member of a list is found by its `name`, `id` or `step`, and `length` is how many there are. One that does not exist is told when the lesson is loaded |',
  '| `say: …` | what to say then |',
  '| `target: local` | for this target only |',
]
