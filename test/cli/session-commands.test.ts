/** What the commands of the screen hand on: settings that were given stand above those of a session that ended hard. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it, vi } from 'vitest'
import type { MonitorOptions } from '../../src/commands/monitor.ts'

const runMonitor = vi.fn(async (_: MonitorOptions) => 0)
vi.mock('../../src/commands/monitor.ts', () => ({ runMonitor }))
vi.stubGlobal('__VERSION__', '0.0.0')

const argv = process.argv
afterEach(() => {
  process.argv = argv
})

it.each([
  ['the screen', []],
  ['a lesson', ['lesson', 'pipeline']],
])('%s knows which settings were given', async (_, command) => {
  const dataDir = mkdtempSync(join(tmpdir(), 'rtstream-given-'))
  // Options are made for the command that the process was called with.
  process.argv = ['node', 'rtstream-tui', ...command, '--stations', '50', '--data-dir', dataDir]
  const { program } = await import('../../src/cli/program.ts')
  try {
    await program({
      write: () => {},
      writeError: () => {},
      drained: async () => {},
      interruption: () => new AbortController().signal,
      finish: () => {},
      lessonsDir: '',
      notebooksDir: '',
    }).parseAsync(process.argv)
  } finally {
    rmSync(dataDir, { recursive: true })
  }
  const options = runMonitor.mock.lastCall?.[0] as MonitorOptions
  expect(options.config.stations).toBe(50)
  expect(options.given.has('stations')).toBe(true)
  expect(options.given.has('interval')).toBe(false)
})
