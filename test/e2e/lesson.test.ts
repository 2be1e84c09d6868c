/** Lessons played in a real terminal: what a step says is seen on the screen, or the test fails. */
import { resolve } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { readLessons } from '../../src/commands/shared/lessons.ts'
import { BIN, temporaryFolder } from '../support/cli.ts'
import { openTerminal, type Terminal } from '../support/terminal.ts'

const lessons = readLessons(resolve(import.meta.dirname, '../../lessons'))
const NAMES: Readonly<Record<string, string>> = { esc: 'escape' }
const WAIT_MS = 60_000
let terminal: Terminal | undefined
const folder = temporaryFolder()
afterEach(async () => {
  await terminal?.close()
  terminal = undefined
})

/** Text of the screen with its rows joined: captions are wrapped. */
const flat = (screen: readonly string[]) =>
  screen
    .map((row) => row.trim())
    .join(' ')
    .replace(/\s+/g, ' ')
const start = (text: string) => text.split(' ').slice(0, 5).join(' ')

async function play(name: string, heading?: string): Promise<void> {
  const lesson = lessons.find((one) => one.name === name)
  const steps = lesson?.steps.filter(({ target }) => target !== 'azure') ?? []
  const room = openTerminal({
    command: process.execPath,
    args: [BIN, 'lesson', name, '--data-dir', `${folder.path}/${name}`, '--stations', '100'],
    columns: 140,
    rows: 48,
  })
  terminal = room
  for (const [index, step] of steps.entries()) {
    await room.waitFor(
      (screen) => flat(screen).includes(`${step.heading} ${index + 1}/${steps.length}`),
      WAIT_MS,
    )
    expect(flat(room.screen())).toContain(start(step.caption))
    if (step.question !== undefined) {
      expect(flat(room.screen())).toContain(step.question)
      room.press('ABC'[step.answer ?? 0] as string)
    }
    for (const key of step.press?.split(' ') ?? []) {
      room.press(NAMES[key] ?? key)
      // Lists of letters are read before one is chosen.
      if (key === 'F') await room.waitFor('A letter breaks it', WAIT_MS)
    }
    const { say } = step
    await room.waitFor((screen) => flat(screen).includes(`✓ ${start(say ?? 'Seen.')}`), WAIT_MS)
    if (step.press === 'T') room.press('T')
    if (step.heading === heading) return
    room.press('.')
  }
  await room.waitFor('that was all', WAIT_MS)
}

describe('a lesson in a real terminal', () => {
  it('pipeline: every step from start to end, to a balanced ledger', async () => {
    await play('pipeline')
    expect(flat(terminal?.screen() ?? [])).toMatch(/balanced/)
  }, 180_000)

  it('exactly once: breaks the hub, and heals', async () => {
    await play('exactly-once', 'Silver is killed')
  }, 180_000)
})
