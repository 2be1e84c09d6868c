/** Native code writes past the streams of Node: not on the screen, but to the log; the terminal has its descriptors back at the end. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { logFileOf } from '../../src/commands/shared/logger.ts'
import { nativeOutputOf } from '../../src/commands/terminal/native-output.ts'
import { BIN, temporaryFolder } from '../support/cli.ts'
import { openTerminal } from '../support/terminal.ts'

const folder = temporaryFolder()
afterAll(() => folder.remove())
const WAIT = 30_000
const log = () => readFileSync(logFileOf(folder.path), 'utf8')

it.skipIf(process.platform === 'win32')(
  'what Node says of its debugger, and what stood there after a hard end',
  async () => {
    const open = () =>
      openTerminal({
        command: process.execPath,
        args: [BIN, '--data-dir', folder.path],
        // Any port: another debugger may listen on the usual one.
        env: { NODE_OPTIONS: '--inspect-port=0' },
      })
    const isConnected = (screen: readonly string[]) =>
      /○ agg/.test(screen.join('')) && !/connecting/.test(screen[0] ?? '')

    const first = open()
    await first.waitFor(isConnected, WAIT)
    first.signal('SIGUSR1')
    await expect.poll(log, { timeout: WAIT }).toMatch(/"source":"output".*Debugger listening on/)
    expect(first.written).not.toContain('Debugger')
    first.press('q')
    expect((await first.exit).code).toBe(0)
    expect(first.written).not.toContain('Debugger')
    expect(first.text()).toContain('The data lies in')
    expect(existsSync(nativeOutputOf(folder.path))).toBe(false)
    await first.close()

    // The last words of a session that crashed are in the log of the next one.
    writeFileSync(nativeOutputOf(folder.path), 'FATAL ERROR: heap out of memory\n')
    const second = open()
    await second.waitFor(isConnected, WAIT)
    await expect.poll(log, { timeout: WAIT }).toContain('FATAL ERROR: heap out of memory')
    second.press('q')
    await second.exit
    await second.close()
  },
  180_000,
)

it.skipIf(process.platform === 'win32')(
  'after the screen both descriptors lead to the terminal again',
  async () => {
    const source = join(import.meta.dirname, '../../src/commands/terminal/native-output.ts')
    const program = join(folder.path, 'native.mjs')
    writeFileSync(
      program,
      `import { writeSync } from 'node:fs'
import { divertNativeOutput } from ${JSON.stringify(source)}
const lines = []
const native = divertNativeOutput(process.argv[2], [process.stdout, process.stderr], (line) => lines.push(line))
writeSync(1, 'hidden out\\n')
writeSync(2, 'hidden error\\nand a rest')
process.stdout.write('by the stream\\n')
native.restore()
native.restore()
writeSync(1, 'shown out\\n')
writeSync(2, 'shown error\\n')
console.log(JSON.stringify(lines))
`,
    )
    const terminal = openTerminal({
      command: process.execPath,
      args: [program, join(folder.path, 'spool.txt')],
    })
    await terminal.exit
    expect(terminal.text().trimEnd().split('\n')).toEqual([
      'by the stream',
      'shown out',
      'shown error',
      '["hidden out","hidden error","and a rest"]',
    ])
    expect(existsSync(join(folder.path, 'spool.txt'))).toBe(false)
    await terminal.close()
  },
  60_000,
)
