/** Lessons played in a real terminal from start to end: what a step says is seen on the screen, or the test fails. */
import { join, resolve } from 'node:path'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { readLessons } from '../../src/commands/shared/lessons.ts'
import { type LocalAzure, startLocalAzure } from '../../src/local/hosting/host.ts'
import { type LessonStep, stepsFor } from '../../src/pipeline/lessons/lesson.ts'
import { settingsFor } from '../support/azure-settings.ts'
import { BIN, temporaryFolder } from '../support/cli.ts'
import { dataFolder, localOptions, removeDataFolders } from '../support/local-azure.ts'
import { openTerminal, type Terminal } from '../support/terminal.ts'

const lessons = readLessons(resolve(import.meta.dirname, '../../lessons'))
const NAMES: Readonly<Record<string, string>> = { esc: 'escape' }
const WAIT_MS = 60_000
let terminal: Terminal | undefined
let azure: LocalAzure | undefined
const folder = temporaryFolder()
afterEach(async () => {
  await terminal?.close()
  terminal = undefined
  await azure?.close()
  azure = undefined
})
afterAll(() => {
  folder.remove()
  removeDataFolders()
})

/** Text of the screen with its rows joined: captions are wrapped. */
const flat = (screen: readonly string[]) =>
  screen
    .map((row) => row.trim())
    .join(' ')
    .replace(/\s+/g, ' ')
const see = (room: Terminal, text: string) => room.waitFor((screen) => flat(screen).includes(text), WAIT_MS)

interface Playing {
  target?: 'local' | 'azure'
  env?: Record<string, string>
  size?: readonly [columns: number, rows: number]
  args?: readonly string[]
}

function begin(name: string, { target = 'local', env = {}, size = [140, 48], args = [] }: Playing = {}) {
  const lesson = lessons.find((one) => one.name === name)
  if (!lesson) throw new Error(`there is no lesson ${name}`)
  const room = openTerminal({
    command: process.execPath,
    args: [
      ...[BIN, 'lesson', name, '--target', target, '--data-dir', join(folder.path, `${name}-${target}`)],
      ...['--stations', '100', ...args],
    ],
    columns: size[0],
    rows: size[1],
    env,
  })
  terminal = room
  return { room, steps: stepsFor(lesson, target) }
}

/** @param isBetRight false: bets on another answer. */
async function playStep(room: Terminal, step: LessonStep, isBetRight = true): Promise<void> {
  expect(flat(room.screen())).toContain(step.caption)
  let told = ''
  if (step.question !== undefined) {
    expect(flat(room.screen())).toContain(step.question)
    const bet = ((step.answer ?? 0) + (isBetRight ? 0 : 1)) % step.options.length
    room.press('ABC'[bet] as string)
    await see(room, `Your bet: ${step.options[bet]}.`)
    told = isBetRight ? 'You were right. ' : `You had bet on “${step.options[bet]}”. `
  }
  for (const key of step.press?.split(' ') ?? []) {
    room.press(NAMES[key] ?? key)
    // A key that acts, right after esc, is taken for one that is pressed with alt: no step asks for that.
    if (key === 'esc') await room.waitFor((screen) => !flat(screen).includes(' broken '), WAIT_MS)
    if (key === 'F') await room.waitFor('A letter breaks it', WAIT_MS)
    if (key === 'x') await room.waitFor('stop all stages?', WAIT_MS)
  }
  await see(room, `✓ ${told}${step.say ?? 'Seen.'}`)
  if (step.press === 'T') {
    const isDetailed = (screen: readonly string[]) => flat(screen).includes('╭ one event')
    await room.waitFor((screen) => isDetailed(screen) && /Event .* at \d:\d+/.test(flat(screen)), WAIT_MS)
    // Its details are closed: the strip shows the steps, until esc brings the pipeline back.
    room.press('escape')
    await room.waitFor((screen) => !isDetailed(screen) && /● made .*● hub /.test(flat(screen)), WAIT_MS)
    room.press('escape')
    await room.waitFor((screen) => flat(screen).includes('● stream analytics'), WAIT_MS)
  }
}

async function play(name: string, playing: Playing = {}): Promise<Terminal> {
  const { room, steps } = begin(name, playing)
  for (const [index, step] of steps.entries()) {
    await see(room, `${step.heading} ${index + 1}/${steps.length}`)
    await playStep(room, step, index % 2 === 0)
    room.press('.')
  }
  await room.waitFor('that was all', WAIT_MS)
  return room
}

describe('a lesson in a real terminal', () => {
  it('pipeline: every step from start to end, to a balanced ledger', async () => {
    const room = await play('pipeline', { args: ['--interval', '4s'] })
    expect(flat(room.screen())).toMatch(/balanced/)
  }, 180_000)

  it('exactly once: in a small window, everything is broken, heals, and balances', async () => {
    const room = await play('exactly-once', { size: [80, 24], args: ['--interval', '2s'] })
    expect(flat(room.screen())).toMatch(/balanced/)
  }, 180_000)

  it('operations: every step that is for offline too', async () => {
    await play('operations', { args: ['--interval', '2s'] })
  }, 180_000)

  it('operations on Azure: against services on loopback that its settings name, costs included', async () => {
    azure = await startLocalAzure(localOptions(dataFolder()))
    const env = settingsFor(azure, join(folder.path, 'bin'))
    const room = await play('operations', {
      target: 'azure',
      env,
      args: ['--interval', '2s', '--accept-costs'],
    })
    expect(room.screen()[0]).toMatch(/rtstream +azure/)
  }, 180_000)

  it('goes on without a check, goes back, pauses, and follows an event that is opened', async () => {
    const { room, steps } = begin('exactly-once')
    const [first, second] = steps as [LessonStep, LessonStep]
    await see(room, `${first.heading} 1/${steps.length} , back . skip space pause`)
    room.press('.')
    await see(room, `${second.heading} 2/${steps.length}`)
    room.press(' ')
    await see(room, 'step 2/9, paused: space goes on')
    expect(flat(room.screen())).not.toContain(second.caption)
    room.press(' ')
    await see(room, second.caption)
    room.press(',')
    await see(room, `${first.heading} 1/${steps.length}`)
    await playStep(room, first)
    room.press('\x1b7')
    await room.waitFor(/station-000\d\d/, WAIT_MS)
    room.press('j')
    room.press('enter')
    await room.waitFor('t follows it', WAIT_MS)
    const [, id = ''] = /"eventId":"([^"]{20})/.exec(flat(room.screen())) ?? []
    expect(id).not.toBe('')
    room.press('t')
    await room.waitFor(new RegExp(`Event ${id}.* at \\d:\\d+`), WAIT_MS)
    await room.waitFor(/● aggregate/, WAIT_MS)
  }, 120_000)
})
