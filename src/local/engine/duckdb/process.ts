/** The engine's end of DuckDB's process. */
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Answer, Asked, DuckDbSettings, Notice, Question, SqlRow } from './messages.ts'

/** In the bundle its program lies beside this file's bundle; from source, beside this file. */
const ownProgram = () =>
  fileURLToPath(
    new URL(import.meta.url.endsWith('.ts') ? './child.ts' : './duckdb-process.js', import.meta.url),
  )

/** A process that does not end when it is told to is killed after so long (ms). */
const END_MS = 5000

/** A message that cannot be sent is no error of its own: the process is about to exit, and that is told. */
const exitTells = () => {}

interface Waiting {
  resolve(rows: SqlRow[]): void
  reject(error: Error): void
}

/** Runs until {@link DuckDbProcess.close}, or until this process ends. Keeps no event loop alive while it is asked nothing. */
export class DuckDbProcess {
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, Waiting>()
  readonly #exited: Promise<void>
  #questions = 0
  #connections = 0
  #isClosing = false
  #hasEnded = false

  private constructor(onLost: () => void) {
    this.#child = fork(ownProgram(), [], {
      serialization: 'advanced',
      // What a library prints must not reach the screen.
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    })
    this.#child.on('message', (answer: Answer) => this.#onAnswer(answer))
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#exited = promise
    const end = (how: string) => {
      if (this.#hasEnded) return
      this.#hasEnded = true
      for (const { reject } of this.#waiting.values()) reject(new Error(how))
      this.#waiting.clear()
      if (!this.#isClosing) onLost()
      resolve()
    }
    // More than once: each message to a process that has just been killed may be one.
    this.#child.on('error', (error) => end(`DuckDB's process could not be started: ${error.message}`))
    this.#child.once('exit', (code, signal) =>
      end(`DuckDB's process ended (${signal ?? `exit code ${code}`}); start the stage again.`),
    )
    this.#hold(false)
  }

  /** @param onLost it has ended by itself, and can be asked nothing more. @throws Error why it did not open. */
  static async start(settings: DuckDbSettings, onLost: () => void): Promise<DuckDbProcess> {
    const started = new DuckDbProcess(onLost)
    try {
      await started.ask({ kind: 'open', settings })
    } catch (error) {
      await started.close()
      throw error
    }
    return started
  }

  /** Of the process. */
  get pid(): number {
    return this.#child.pid as number
  }

  /** @returns the number of a new connection. */
  async connect(): Promise<number> {
    const connection = ++this.#connections
    await this.ask({ kind: 'connect', connection })
    return connection
  }

  /** Questions may be asked at once: turns are the caller's. @throws Error what DuckDB says, or that its process ended. */
  async ask(question: Question): Promise<SqlRow[]> {
    // Whatever waits when it exits is answered then; its channel may be open for a moment longer.
    if (this.#hasEnded || !this.#child.connected) throw new Error("DuckDB's process has ended.")
    const id = this.#questions++
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#hold(true)
      this.#child.send({ ...question, id } satisfies Asked, exitTells)
    })
  }

  tell(notice: Notice): void {
    if (this.#child.connected) this.#child.send(notice, exitTells)
  }

  /** What it still does is broken off. @returns once it has ended. */
  async close(): Promise<void> {
    this.#isClosing = true
    if (this.#child.connected) this.#child.disconnect()
    const killing = setTimeout(() => this.#child.kill('SIGKILL'), END_MS).unref()
    await this.#exited
    clearTimeout(killing)
  }

  #onAnswer({ id, rows, error }: Answer): void {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (this.#waiting.size === 0) this.#hold(false)
    if (error === undefined) waiting?.resolve(rows)
    else waiting?.reject(new Error(error))
  }

  #hold(isNeeded: boolean): void {
    const { channel } = this.#child
    if (isNeeded) {
      this.#child.ref()
      channel?.ref()
    } else {
      this.#child.unref()
      channel?.unref()
    }
  }
}
