/** A frame with the marks around it is one write; anything else goes as it comes. */
import { PassThrough } from 'node:stream'
import { expect, it, vi } from 'vitest'
import { divertOutput } from '../../../src/ui/ink/divert-output.ts'
import { FakeClock } from '../../support/fake-clock.ts'

it('writes a frame and its marks at once, and everything else as it comes', () => {
  const stdout = new PassThrough() as unknown as NodeJS.WriteStream
  const stderr = new PassThrough() as unknown as NodeJS.WriteStream
  const chunks: string[] = []
  stdout.write = ((chunk: string) => {
    chunks.push(chunk)
    return true
  }) as NodeJS.WriteStream['write']
  const lines: string[] = []
  const { screen, write, restore } = divertOutput(stdout, stderr, (line) => lines.push(line), new FakeClock())
  write('\x1b]2;title\x07')
  for (const part of ['\x1b[?2026h', '\x1b[39A', 'row\n', '\x1b[?2026l', 'after']) screen.write(part)
  expect(chunks).toEqual(['\x1b]2;title\x07', '\x1b[?2026h\x1b[39Arow\n\x1b[?2026l', 'after'])
  stdout.write('somebody else\n')
  expect(lines).toEqual(['somebody else'])
  restore()
  stdout.write('again')
  expect(chunks.at(-1)).toBe('again')
})

it('Ink waits at its end for the terminal, but not for one that takes nothing', async () => {
  const clock = new FakeClock()
  const stdout = new PassThrough({ highWaterMark: 4 }) as unknown as NodeJS.WriteStream
  const stderr = new PassThrough() as unknown as NodeJS.WriteStream
  const { screen, isBehind, restore } = divertOutput(stdout, stderr, () => {}, clock)
  expect(isBehind()).toBe(false)
  const done: string[] = []
  screen.write('', () => done.push('taken'))
  await vi.waitFor(() => expect(done).toEqual(['taken']))
  stdout.cork()
  screen.write('more than it takes')
  expect(isBehind()).toBe(true)
  screen.write('', () => done.push('given up'))
  await clock.advance(500)
  expect(done).toHaveLength(1)
  await clock.advance(500)
  await vi.waitFor(() => expect(done).toEqual(['taken', 'given up']))
  restore()
})
