/** Output that nobody reads, or only slowly. */
import { writeFileSync } from 'node:fs'
import { Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { openOutput } from '../../../src/commands/shared/output.ts'
import { runExport, runSql } from '../../../src/commands/sql.ts'
import type { LakeQuery } from '../../../src/pipeline/ports/query.ts'

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

  it.each(['export', 'sql'])(
    'of %s is not sent faster than it is read, be it as long as it may',
    async (command) => {
      const taken: number[] = []
      const stream = new Writable({
        write(chunk: Buffer, _, done) {
          taken.push(chunk.length)
          // Slower than a disk by far.
          setTimeout(done, 1)
        },
      }) as unknown as NodeJS.WriteStream
      const output = openOutput(stream, reader().stream, { idleMs: 60_000, pending: 200_000 })
      const rows = Array.from({ length: 150_000 }, () => ['a row of some length'])
      const query = {
        export: async (_table: string, _format: string, file: string) => {
          writeFileSync(file, rows.map(([text]) => `${text}\n`).join(''))
          return rows.length
        },
        run: async () => ({ columns: ['text'], rows, isCut: false }),
      } as unknown as LakeQuery
      const { write, writeError, drained, lost: signal } = output
      const common = { query, target: 'local', yes: false, write, writeError, drained, signal } as const
      const code =
        command === 'export'
          ? await runExport({ ...common, table: 'gold', format: 'csv', out: '-' })
          : await runSql({ ...common, sql: 'SELECT text FROM gold', format: 'table', maxRows: rows.length })
      expect(code).toBe(0)
      expect(await output.flush()).toBeUndefined()
      const heads = command === 'sql' ? 2 : 0
      expect(taken.reduce((sum, bytes) => sum + bytes, 0)).toBeGreaterThan((rows.length + heads) * 4)
      expect(Math.max(...taken)).toBeLessThan(200_000)
    },
  )

  it('is not waited for once the command is to end', async () => {
    const { stream } = pipe()
    const output = openOutput(stream, reader().stream)
    output.write('x'.repeat(100_000))
    await expect(output.drained(AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough')
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
