/** What the screen costs: bytes to the terminal, and CPU of the thread that draws, while everything runs. */
import { readFileSync } from 'node:fs'
import type { Part } from './figure.ts'
import { pause } from './process-cost.ts'
import { finish, startAll, withRoom } from './room.ts'

/** Each frame begins so (synchronized updates). */
const FRAME = '\x1b[?2026h'

/** CPU of the thread that a process began with, in seconds: it draws, the services have threads of their own. */
function mainThreadSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/task/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) / 100
}

/** Everything runs for a while before it is measured: what is compiled at a start is not counted. */
export const paint: Part = (subject, seconds) =>
  withRoom(subject, ['--stations', '1000', '--interval', '10s'], async (terminal) => {
    await startAll(terminal)
    // What V8 compiles at a start is not the screen's.
    await pause(seconds(30) * 1000)
    const written = terminal.written.length
    const cpu = mainThreadSeconds(terminal.pid)
    const begun = performance.now()
    await pause(seconds(60) * 1000)
    const span = (performance.now() - begun) / 1000
    const text = terminal.written.slice(written)
    const spent = mainThreadSeconds(terminal.pid) - cpu
    const frames = text.split(FRAME).length - 1
    await finish(terminal)
    return [
      {
        what: 'written to a terminal of 120×40, 100 ev/s',
        value: Buffer.byteLength(text) / span,
        unit: 'B/s',
      },
      { what: 'frames then', value: frames / span, unit: '/s' },
      { what: 'CPU of the main thread then', value: (spent / span) * 100, unit: '% of a core' },
      { what: 'the same for each frame', value: (spent * 1000) / frames, unit: 'ms' },
    ]
  })
