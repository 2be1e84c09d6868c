/** Runs the built program as a user would: a child process, its lines, its exit. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

export const BIN = resolve(import.meta.dirname, '../../dist/bin.cjs')

export interface RunningCli {
  child: ChildProcess
  /** Complete lines of stdout so far. */
  lines: string[]
  stderr(): string
  /** Resolves with the first line of stdout that passes; rejects when the process ends without one. */
  line(passes: (line: string) => boolean): Promise<string>
  /** Exit code, or the signal's name. */
  exit: Promise<number | NodeJS.Signals>
}

/** @param options.env is added to the environment; `CI` is never passed on, as it turns colours off. */
export function startCli(
  args: readonly string[],
  options: { env?: Record<string, string>; cwd?: string; bin?: string } = {},
): RunningCli {
  const bin = options.bin ?? BIN
  if (!existsSync(bin)) throw new Error(`${bin} is not built: run npm run build first`)
  const { CI: _, ...inherited } = process.env
  const child = spawn(process.execPath, [bin, ...args], {
    cwd: options.cwd,
    env: { ...inherited, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const lines: string[] = []
  let rest = ''
  let errors = ''
  const waiting = new Set<() => void>()
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    const parts = (rest + chunk).split('\n')
    rest = parts.pop() ?? ''
    lines.push(...parts)
    for (const check of waiting) check()
  })
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    errors += chunk
  })
  const exit = new Promise<number | NodeJS.Signals>((done) => {
    child.once('close', (code, signal) => done(signal ?? code ?? -1))
  })
  const line = (passes: (line: string) => boolean) =>
    new Promise<string>((done, fail) => {
      let next = 0
      const check = () => {
        while (next < lines.length) {
          const one = lines[next++] as string
          if (!passes(one)) continue
          waiting.delete(check)
          return done(one)
        }
      }
      waiting.add(check)
      check()
      void exit.then((code) =>
        fail(new Error(`ended with ${code} before the line came\n${errors}\n${lines.slice(-5).join('\n')}`)),
      )
    })
  return { child, lines, stderr: () => errors, line, exit }
}

/** Runs to the end. */
export async function cli(args: readonly string[], options: Parameters<typeof startCli>[1] = {}) {
  const running = startCli(args, options)
  const code = await running.exit
  return { code, lines: running.lines, stderr: running.stderr() }
}

/** A data folder for one test, and its removal. */
export function temporaryFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'rtstream-test-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true, maxRetries: 3 }) }
}
