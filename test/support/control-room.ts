/**
 * The control room over a made-up pipeline, as a program of its own. For tests in a real terminal, pictures and
 * measurements: `control-room.mjs SCENARIO [--theme NAME] [--ascii] [--azure] [--animate HZ] [--seconds N]
 * [--crash first|draw|key|exit]`.
 * What it was asked to do, and how it ended, is printed on the normal screen afterwards.
 */
import { parseArgs } from 'node:util'
import { endWithSignals } from '../../src/commands/terminal/end-with-process.ts'
import { systemClock } from '../../src/pipeline/runtime/clock.ts'
import { accepted } from '../../src/pipeline/state/actions.ts'
import { openControlRoom } from '../../src/ui/app/main.tsx'
import type { ThemeName } from '../../src/ui/text/theme.ts'
import { animate } from './animate.ts'
import { onAzure } from './azure-links.ts'
import { fakePipeline } from './fake-pipeline.ts'
import { scenarios } from './scenario.ts'

/** Until then numbers of CPU are those of starting (ms). */
const WARM_UP_MS = 3000

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    theme: { type: 'string', default: 'auto' },
    ascii: { type: 'boolean', default: false },
    animate: { type: 'string', default: '0' },
    seconds: { type: 'string', default: '0' },
    'yes-quit': { type: 'boolean', default: false },
    presenter: { type: 'boolean', default: false },
    /** The same on Azure, with the pages of its resources. */
    azure: { type: 'boolean', default: false },
    mouse: { type: 'boolean', default: false },
    /** Somebody else writes so many lines a second on stdout and stderr, and Node warns. */
    noise: { type: 'boolean', default: false },
    crash: { type: 'string', default: '' },
  },
})
const scenario = scenarios[(positionals[0] ?? 'allRunning') as keyof typeof scenarios]
if (!scenario) throw new Error(`no scenario ${positionals[0]}: ${Object.keys(scenarios).join(', ')}`)

const pipeline = fakePipeline(values.azure ? onAzure(scenario()) : scenario())
// A state that no panel can show: what a defect of the screen looks like.
const undrawable = () => pipeline.change((state) => ({ ...state, hub: null as never }))
if (values.crash === 'first') undrawable()
if (values.crash === 'key')
  pipeline.actions.burst = () => {
    throw new Error('the burst has burst')
  }
if (values.crash === 'exit') pipeline.actions.burst = () => process.exit(3)
const printed: string[] = []
const room = openControlRoom({
  store: pipeline.store,
  actions: pipeline.actions,
  theme: values.theme as ThemeName,
  ascii: values.ascii,
  acceptCosts: false,
  yesQuit: values['yes-quit'],
  mouse: values.mouse,
  presenter: values.presenter,
  clock: systemClock,
  maxFps: 30,
  env: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  onKey: () => {},
  onSave: (files) => accepted(`saved ${files.map(({ extension }) => extension).join(' ')}`),
  onOutput: (line) => printed.push(line),
})
endWithSignals(room)
const hz = Number(values.animate)
const stop = hz > 0 ? animate(pipeline, hz) : () => {}
// Start-up is not part of what the screen costs.
let begun = process.cpuUsage()
let started = performance.now()
setTimeout(() => {
  begun = process.cpuUsage()
  started = performance.now()
}, WARM_UP_MS)
if (Number(values.seconds) > 0)
  setTimeout(() => room.close({ kind: 'quit', stopAll: false }), Number(values.seconds) * 1000 + WARM_UP_MS)
if (values.noise) {
  process.stderr.write('azure:core info something happened\n')
  console.log('a library says hello')
  process.emitWarning('this is old', 'DeprecationWarning')
}
if (values.crash === 'draw') setImmediate(undrawable)

const reason = await room.ended
stop()
const cpu = process.cpuUsage(begun)
const share = (cpu.user + cpu.system) / 10 / (performance.now() - started)
console.log(
  JSON.stringify({
    reason: reason.kind === 'crash' ? { kind: reason.kind, message: reason.error.message } : reason,
    calls: pipeline.calls,
    printed: printed.length,
    cpuPercent: Math.round(share * 10) / 10,
  }),
)
process.exit(0)
