/** Output that nobody reads, or only slowly. */
import { Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { openOutput } from '../../../src/commands/shared/output.ts'

/** A pipe whose reader takes a chunk only when it is told to. */
function pipe() {
  const taken: string[] = []
  const waiting: (() => void)[] = []
  const stream = new Writable({
    write(chunk: Buffer, _, done) {
      waiting.push(() => {
        taken.push(chunk.toString())
        done()
      })
    },
  })
  return { stream: stream as unknown as NodeJS.WriteStream, taken, take: () => waiting.shift()?.() }
}

/** As fast as it comes. */
function reader() {
  const taken: string[] = []
  const stream = new Writable({
    write(chunk: Buffer, _, done) {
      taken.push(chunk.toString())
      done()
    },
  })
  return { stream: stream as unknown as NodeJS.WriteStream, taken }
}

describe('output that nobody reads', () => {
  it('is waited for up to a bound at the end, and told in words', async () => {
    const output = openOutput(pipe().stream, reader().stream, { idleMs: 50, pending: 1000 })
    output.write('twelve bytes')
    const refusal = await output.flush()
    expect(refusal?.message).toBe('Nobody reads the output: 12 bytes of it are left and given up.')
    // Told on standard error, it is not waited for a second time.
    expect(await output.flush()).toBe(refusal)
  })

  it('is kept up to a bound, and then the command ends in order', async () => {
    const { stream, taken } = pipe()
    const output = openOutput(stream, reader().stream, { idleMs: 60_000, pending: 1000 })
    for (let line = 0; line < 100; line++) output.write('x'.repeat(100))
    expect(stream.writableLength).toBe(1100)
    expect(output.lost.aborted).toBe(true)
    expect((await output.flush())?.message).toMatch(/^Nobody reads the output: 1,100 bytes/)
    expect(taken).toEqual([])
  })

  it('and that of a slow reader arrives whole', async () => {
    const { stream, taken, take } = pipe()
    const output = openOutput(stream, reader().stream, { idleMs: 60_000, pending: 1000 })
    output.write('one')
    output.write('two')
    const flushed = output.flush()
    for (let chunk = 0; chunk < 3; chunk++) {
      take()
      await new Promise(setImmediate)
    }
    expect(await flushed).toBeUndefined()
    expect(taken.join('')).toBe('onetwo')
    expect(output.lost.aborted).toBe(false)
  })

  it('takes as long as it must while something is taken', async () => {
    const { stream, taken, take } = pipe()
    const output = openOutput(stream, reader().stream, { idleMs: 400, pending: 1000 })
    for (const text of ['a', 'b', 'c', 'd', 'e', 'f']) output.write(text)
    const flushed = output.flush()
    const timer = setInterval(take, 100)
    expect(await flushed).toBeUndefined()
    clearInterval(timer)
    expect(taken.join('')).toBe('abcdef')
  })
})
