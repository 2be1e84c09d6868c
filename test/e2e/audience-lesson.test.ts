/** The lesson "the room takes part" in a real terminal, with phones that do what the presenter asks for. */
import { join, resolve } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { readLessons } from '../../src/commands/shared/lessons.ts'
import { BIN, temporaryFolder } from '../support/cli.ts'
import { joinRoom, type SimulatedPhone } from '../support/phones.ts'
import { openTerminal, type Terminal } from '../support/terminal.ts'

const WAIT_MS = 60_000
const folder = temporaryFolder()
const phones: SimulatedPhone[] = []
let terminal: Terminal | undefined
afterAll(async () => {
  for (const phone of phones) phone.close()
  await terminal?.close()
  folder.remove()
})

const flat = (screen: readonly string[]) =>
  screen
    .map((row) => row.trim())
    .join(' ')
    .replace(/\s+/g, ' ')

it('is played to its end: each step is seen by what phones have done', async () => {
  const lesson = readLessons(resolve(import.meta.dirname, '../../lessons')).find(
    ({ name }) => name === 'room',
  )
  const room = openTerminal({
    command: process.execPath,
    args: [BIN, 'lesson', 'room', '--data-dir', join(folder.path, 'data'), '--audience-host', '127.0.0.1'],
    columns: 140,
    rows: 48,
  })
  terminal = room
  const see = (text: string) => room.waitFor((screen) => flat(screen).includes(text), WAIT_MS)
  const palette = (words: string) => room.press(':', ...words, 'enter')
  const all = (send: (phone: SimulatedPhone) => void) => async () => phones.forEach(send)
  /** What the room does in a step, beside the keys that it names. */
  const DEEDS: Readonly<Record<string, () => Promise<void>>> = {
    'Phones come in': async () => {
      const url = /http:\/\/127\.0\.0\.1:\d+\/\w+\//.exec(room.screen().join('\n'))?.[0] ?? ''
      for (let number = 0; number < 4; number++) phones.push(await joinRoom(url, number))
    },
    'Their readings': all((phone) => void phone.send()),
    Rubbish: all((phone) => void phone.send({ rubbish: 'temperature out of range' })),
    'Send it twice': all((phone) => void phone.send({ twice: true })),
    'You decide': async () => palette('pause the room'),
    'The last word': async () => {
      palette('pause the room')
      await see('The room goes on.')
      await expect.poll(() => phones[0]?.board, { timeout: WAIT_MS }).toMatchObject({ total: 16, lost: 0 })
      room.press('A')
      await room.waitFor(/╭ audience/, WAIT_MS)
      room.press('A')
    },
  }
  const steps = lesson?.steps ?? []
  expect(Object.keys(DEEDS).every((heading) => steps.some((step) => step.heading === heading))).toBe(true)
  for (const [index, step] of steps.entries()) {
    await see(`${step.heading} ${index + 1}/${steps.length}`)
    expect(flat(room.screen())).toContain(step.caption)
    if (step.question !== undefined) {
      expect(flat(room.screen())).toContain(step.question)
      room.press('ABC'[step.answer ?? 0] as string)
      await see(`Your bet: ${step.options[step.answer ?? 0]}.`)
    }
    for (const key of step.press?.split(' ') ?? []) room.press(key)
    await DEEDS[step.heading]?.()
    await see(step.say ?? 'Seen.')
    room.press('.')
  }
  await see('that was all')
  await expect.poll(() => phones.every(({ link }) => link.isClosed), { timeout: WAIT_MS }).toBe(true)
}, 180_000)
