import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { HubLog } from '../../../../src/local/event-hubs/log/log.ts'

const script = fileURLToPath(new URL('./append-forever.ts', import.meta.url))

/** Kills the process when it has acknowledged so many more appends. @returns the last sequence number acknowledged. */
async function appendAndKill(folder: string, appends: number): Promise<number> {
  const child = spawn(process.execPath, ['--no-warnings', script, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let acknowledged = -1
  let left = appends
  const lines = createInterface(child.stdout)
  lines.on('line', (line) => {
    acknowledged = Number(line)
    if (--left === 0) child.kill('SIGKILL')
  })
  await Promise.all([once(child, 'exit'), once(lines, 'close')])
  return acknowledged
}

it('keeps what was acknowledged through kills at any moment, and goes on counting', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rtstream-kill-'))
  try {
    let acknowledged = -1
    for (const appends of [1, 7, 150, 33]) {
      const last = await appendAndKill(folder, appends)
      expect(last).toBeGreaterThan(acknowledged)
      acknowledged = last
      const log = HubLog.open(folder, {
        partitions: 2,
        retention: { ms: 3_600_000, bytes: 1e9 },
        clock: { now: () => Date.now() },
      })
      const stored = log.read(0, 0, 1e6, 1e9)
      log.close()
      expect(stored.length).toBeGreaterThan(acknowledged)
      expect(stored.map(({ message }) => Buffer.from(message).toString())).toEqual(
        stored.map((_, index) => `event ${index}`),
      )
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
})
