/** Pasted text over lines that bring it byte by byte, through the reader of the terminal and the screen. */
import { EventEmitter } from 'node:events'
import { expect, it } from 'vitest'
import { Screen } from '../../../src/ui/app/screen.ts'
import { isRisky } from '../../../src/ui/input/keymap.ts'
import { terminalInput } from '../../../src/ui/input/terminal-input.ts'
import { plainText } from '../../../src/ui/text/line.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { fakePipeline } from '../../support/fake-pipeline.ts'
import { scenarios } from '../../support/scenario.ts'

function open() {
  const clock = new FakeClock()
  const pipeline = fakePipeline(scenarios.allRunning())
  const screen = new Screen({
    ...pipeline,
    paint: plainText,
    acceptCosts: true,
    monotonic: () => clock.monotonic(),
    onQuit: () => {},
    onHandOver: () => undefined,
  })
  const stdin = Object.assign(new EventEmitter(), {
    setRawMode() {},
    resume() {},
    pause() {},
    destroyed: false,
  })
  const input = terminalInput({
    stdin: stdin as unknown as NodeJS.ReadStream,
    write: () => {},
    clock,
    mouse: true,
    isRisky,
    onTokens: (tokens) => screen.take(tokens),
    onEnd: () => {},
  })
  input.open()
  const send = (bytes: string) => stdin.emit('data', Buffer.from(bytes))
  const type = async (text: string, everyMs: number) => {
    for (const one of text) {
      send(one)
      await clock.advance(everyMs)
    }
    await clock.advance(200)
  }
  const text = () => screen.frame(120, 40).rows.join('\n')
  text()
  return { clock, pipeline, input, send, type, text }
}

// A byte takes 8.3 ms at 1200 baud, 1 ms at 9600.
it.each([
  ['date\r', 1],
  ['exit\r', 8],
  ['20261129', 1],
  ['docker ps -a\r', 8],
  ['x1b2d+a quick brown fox\r', 1],
])('%j that comes byte by byte, each %i ms after the other, acts on nothing', async (pasted, everyMs) => {
  const { type, pipeline, text } = open()
  await type(pasted, everyMs)
  expect(pipeline.calls).toEqual([])
  expect(text()).not.toContain('stop all stages?')
  expect(text()).toContain('Taken for pasted text')
})

it('fingers are not pasted text, fast ones and two at once; an answer is typed ahead as ever', async () => {
  const { type, pipeline } = open()
  await type('b+-', 30)
  expect(pipeline.calls).toEqual(['burst', 'scaleStations 2', 'scaleStations 0.5'])
  await type('bd', 3)
  expect(pipeline.calls.slice(3)).toEqual(['burst', 'toggleCorruption'])
  await type('n250\r', 1)
  expect(pipeline.calls.slice(5)).toEqual(['setStations 250'])
})

it('a key that only shows something acts at once; one that acts on the pipeline within a blink', async () => {
  const { send, clock, pipeline, text } = open()
  send('l')
  expect(text()).toContain('five assertions')
  await clock.advance(100)
  send('b')
  expect(pipeline.calls).toEqual([])
  await clock.advance(15)
  expect(pipeline.calls).toEqual(['burst'])
})

it('a key that is held down is seen to act while it is down, however fast it repeats', async () => {
  const { send, clock, pipeline } = open()
  for (let at = 0; at < 80; at += 5) {
    send('+')
    await clock.advance(5)
  }
  expect(pipeline.calls.length).toBeGreaterThan(5)
})

it('what is not written, such as a click or an arrow, comes at once and in its order', async () => {
  const { send, pipeline, text } = open()
  send('b')
  send('\x1b[B')
  expect(pipeline.calls).toEqual(['burst'])
  expect(text()).toContain('100')
})

it('a key that waits is not lost when the terminal is lent', async () => {
  const { send, clock, input, pipeline } = open()
  send('b')
  input.close()
  await clock.advance(100)
  expect(pipeline.calls).toEqual([])
  input.open()
  await clock.advance(100)
  expect(pipeline.calls).toEqual(['burst'])
})
