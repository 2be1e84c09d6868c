import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import { DOCUMENTS } from '../scripts/documents.ts'
import { LIMITS } from '../src/audience/limits.ts'
import { settings } from '../src/config/settings.ts'
import { DEFAULT_TUNING } from '../src/local/engine/api/options.ts'
import { STAGE_IDS } from '../src/pipeline/ports/stages.ts'
import { DEPLOYED, hourlyPrice, prices, standingPrice } from '../src/pipeline/state/cost.ts'
import { DEFAULT_BUFFER_LIMIT } from '../src/pipeline/state/initial-state.ts'
import { DEFAULT_UPDATES_PER_SECOND } from '../src/pipeline/state/store.ts'
import { ReportCollector } from '../src/report/model.ts'
import { reportText } from '../src/report/report.ts'
import { recordedSession } from './support/recorded-session.ts'
import { allRunning } from './support/scenario.ts'

const root = join(import.meta.dirname, '..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')

it.each(Object.entries(DOCUMENTS))('%s says what the code says (npm run docs)', (path, make) => {
  expect(read(path)).toBe(make())
})

const WORDS = ['none', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten']
const grouped = (count: number) => count.toLocaleString('en')
const dollars = (price: number) => price.toFixed(2)
const ofDefault = (name: string) => settings.find(({ key }) => key === name)?.fallback

const standing = standingPrice(DEPLOYED)
const usual = { streamingUnits: undefined, nodeType: 'Standard_D4s_v3' }
const running = (['streamAnalytics', 'silver', 'gold', 'aggregate'] as const).map((id) =>
  hourlyPrice(id, usual),
)
const everything = running.reduce((sum, price) => sum + price, standing)
const assertions = Object.keys(allRunning().assertions).length

/** Numbers that a person would have to remember to change. */
it.each([
  ['README.md', `the ${WORDS[assertions]} assertions`],
  [
    'README.md',
    `About ${Math.round(everything)} dollars an hour with everything running, ${Math.round(24 * standing)} a day with nothing`,
  ],
  ['docs/glossary.md', `one of ${WORDS[assertions]} statements about a session`],
  ['docs/glossary.md', `one of the ${WORDS[STAGE_IDS.length]} parts that a person starts`],
  ['docs/azure.md', `List prices in US dollars, ${prices.asOf}:`],
  ['docs/azure.md', `| Event Hubs, 1 unit | always | ${dollars(prices.eventHubs.throughputUnitHour)} |`],
  ['docs/azure.md', `its address | always | ${dollars(prices.databricks.natGatewayHour)} |`],
  ['docs/azure.md', `| while the job runs | ${dollars(running[0] as number)} |`],
  ['docs/azure.md', `its cluster included | ${dollars(running[1] as number)} |`],
  [
    'docs/azure.md',
    `and ${prices.synapse.autoPauseMinutes} minutes after | ${dollars(running[3] as number)} |`,
  ],
  [
    'docs/azure.md',
    `about ${Math.round(everything)} dollars an hour. Nothing running: ${dollars(standing)}, that is ${Math.round(24 * standing)} dollars a day`,
  ],
  ['docs/azure.md', `the jobs need ${2 * prices.databricks.nodes.Standard_D4s_v3.cores} |`],
  ['docs/security.md', `after ${WORDS[LIMITS.wrongCodes]} wrong ones an address must wait`],
  [
    'docs/security.md',
    `${LIMITS.phones} phones, ${ofDefault('audienceRate')} readings a second each, ${grouped(LIMITS.readingsPerSecond)} in all, ${LIMITS.bodyBytes / 1000} kB a body, ${LIMITS.connectionsPerAddress} connections an address`,
  ],
  ['docs/architecture.md', `At most ${grouped(DEFAULT_BUFFER_LIMIT)} readings wait`],
  ['docs/architecture.md', `at most ${WORDS[DEFAULT_UPDATES_PER_SECOND]} times a second`],
  [
    'docs/performance.md',
    `up to ${grouped(DEFAULT_TUNING.rowsPerBatch)} rows or ${DEFAULT_TUNING.bytesPerBatch / 1e6} MB`,
  ],
])('%s: %s', (path, sentence) => {
  expect(read(path).replace(/\s+/g, ' ')).toContain(sentence)
})

it('the report that the README shows is one of the present code (npm run pictures:report)', async () => {
  const page = read('docs/report-example.html')
  const collector = new ReportCollector()
  for (const state of recordedSession()) collector.add(state)
  const tables = { samples: [], quarantine: [{ reason: 'city is missing', events: 1 }], minutes: [] }
  const now = await reportText(collector.report(tables), 'html')
  const styleOf = (text: string) => /<style>([\s\S]*?)<\/style>/.exec(text)?.[1]
  const namesOf = (text: string) =>
    [...text.matchAll(/role="img"[^>]* aria-label="([^"]*)"/g)].map(([, name]) => name)
  const partsOf = (text: string) => [...text.matchAll(/<h2 id="([a-z]+)"/g)].map(([, id]) => id)
  const hopsOf = (text: string) =>
    [...(/<h2 id="ledger"[\s\S]*?<\/table>/.exec(text)?.[0] ?? '').matchAll(/<tr><td>([^<]*)/g)].map(
      ([, hop]) => hop,
    )
  for (const part of [partsOf, hopsOf, namesOf] as const) {
    expect(part(now)?.length).toBeGreaterThan(4)
    expect(part(page)).toEqual(expect.arrayContaining([...(part(now) ?? [])]))
  }
  expect(styleOf(page)).toBe(styleOf(now))
  const broken = /<h2 id="faults"[\s\S]*?<\/table>/.exec(page)?.[0] ?? ''
  expect(broken.match(/<tr><td>/g)).toHaveLength(3)
  expect(page).toMatch(/class="verdict">Balanced/)
  // It may be read anywhere.
  expect(page).not.toMatch(/\/(?:tmp|home|root|work|Users)\//)
})

it('every command is in the list of changes or in what the first version had', () => {
  const first = ['run', 'endpoints', 'status', 'stop', 'doctor', 'config', 'setup', 'notebooks']
  const definitions = readdirSync(join(root, 'src/cli')).map((name) => read(`src/cli/${name}`))
  const commands = definitions.flatMap((text) =>
    [...text.matchAll(/\bcommand\(\s*'([a-z]+)'/g)].map(([, name]) => name as string),
  )
  expect(commands).toEqual(expect.arrayContaining(['run', 'trace', 'completion']))
  const changes = read('CHANGELOG.md')
  expect(
    commands.filter((name) => !first.includes(name) && !changes.includes(`rtstream-tui ${name}`)),
  ).toEqual([])
})

it('decisions are numbered without a gap', () => {
  const numbers = readdirSync(join(root, 'docs/decisions')).map((name) => Number(name.slice(0, 3)))
  expect(numbers.toSorted((a, b) => a - b)).toEqual(numbers.map((_, index) => index + 1))
})

const texts = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'SECURITY.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
]
/** As GitHub makes it of a heading. */
const anchorOf = (heading: string) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-')

it.each(texts)('%s: its links lead somewhere, headings too', (path) => {
  const links = [...read(path).matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].map(([, link]) => link as string)
  const dead = links.filter((link) => {
    const [file = '', anchor] = link.split('#')
    const target = file === '' ? path : join(dirname(path), file)
    if (!existsSync(join(root, target))) return true
    if (anchor === undefined) return false
    const headings = [...read(target).matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
      anchorOf(heading as string),
    )
    return !headings.includes(anchor)
  })
  expect(dead).toEqual([])
})
