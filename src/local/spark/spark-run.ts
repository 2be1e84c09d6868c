/** One notebook in a Spark process of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Logger } from 'pino'
import type { NotebookName } from '../engine/api/engine.ts'
import { LiveRun } from '../engine/api/live-run.ts'
import type { Clock } from '../runtime/clock.ts'

export interface SparkRunOptions {
  notebook: NotebookName
  python: string
  /** Folder with the notebooks and `local/run_notebook.py`. */
  notebooks: string
  lakeRoot: string
  /** For Spark's own files; made when it is missing. */
  scratch: string
  /** Superseded table files stay readable that long (ms). */
  retentionMs: number
  clock: Clock
  logger: Logger
  env: NodeJS.ProcessEnv
}

/** Asked to stop, a process that has not ended after this time is killed (ms): more than its own patience. */
const KILL_AFTER_MS = 20_000
/** Lines of Spark's own output that are kept for saying why a process ended. */
const LAST_LINES = 20

/** Memory of the Java process; what does not fit spills to the scratch folder. */
const DRIVER_MEMORY = '1g'

/** A file of bronze has up to 5000 lines, and a micro-batch must fit that memory without much spilling. */
const RTSTREAM_MAX_FILES = '100'

const DELTA_DEFAULTS = 'spark.databricks.delta.properties.defaults'

type Message =
  | { event: 'running' }
  | { event: 'progress'; batchId: number; inputRows: number; durationMs: number }
  | { event: 'failed'; error: string }

/** The process ends with this one: its input is a pipe, and it stops when that is closed. */
export class SparkRun extends LiveRun {
  readonly #options: SparkRunOptions
  #child: ChildProcess | undefined
  #lastLines: string[] = []

  /** @param after the run starts when this has settled. */
  constructor(options: SparkRunOptions, after: Promise<void>) {
    super(after)
    this.#options = options
  }

  override cancel(): Promise<void> {
    if (this.state === 'starting' || this.state === 'running') {
      this.state = 'stopping'
      const child = this.#child
      child?.stdin?.end()
      const timer = setTimeout(() => this.#kill(), KILL_AFTER_MS)
      void this.ended.then(() => clearTimeout(timer))
    }
    return this.ended
  }

  /** Python and the Java that it started. */
  #kill(): void {
    const pid = this.#child?.pid
    if (pid === undefined) return
    try {
      process.kill(-pid, 'SIGKILL')
    } catch {
      // They have just ended.
    }
  }

  protected override async live(): Promise<void> {
    const { notebook, logger } = this.#options
    // Cancelled before it began.
    if (this.state === 'starting') {
      try {
        await this.#run()
      } catch (error) {
        this.error ??= `Spark could not be started: ${(error as Error).message}`
      }
    }
    if (this.state !== 'stopping') this.error ??= this.#whyItEnded()
    // Errors while it was stopping are in the log, and the next run repairs them.
    if (this.state === 'stopping') this.error = undefined
    this.state = this.error === undefined ? 'cancelled' : 'failed'
    if (this.error !== undefined)
      logger.error({ notebook, spark: this.#lastLines }, `${notebook} failed: ${this.error}`)
  }

  async #run(): Promise<void> {
    const { notebook, notebooks, python, scratch } = this.#options
    mkdirSync(scratch, { recursive: true })
    const launcher = join(notebooks, 'local', 'run_notebook.py')
    const child = spawn(python, ['-u', launcher, join(notebooks, `${notebook}.py`)], {
      cwd: scratch,
      env: this.#environment(),
      stdio: ['pipe', 'pipe', 'pipe'],
      // A group of its own: ctrl+c is for us, who then stop it in order.
      detached: true,
    })
    this.#child = child
    // Writing to a process that has just ended is not a failure.
    child.stdin.on('error', () => {})
    createInterface({ input: child.stdout }).on('line', (line) => this.#heard(line))
    createInterface({ input: child.stderr }).on('line', (line) => {
      this.#lastLines = [...this.#lastLines.slice(1 - LAST_LINES), line]
      this.#options.logger.debug({ notebook }, line)
    })
    await new Promise<void>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', () => resolve())
    })
  }

  #environment(): NodeJS.ProcessEnv {
    const { env, python, lakeRoot, scratch, retentionMs } = this.#options
    const settings = {
      'spark.ui.enabled': 'false',
      'spark.ui.showConsoleProgress': 'false',
      // Each plan is written down for a screen that is not there.
      'spark.sql.ui.explainMode': 'simple',
      'spark.driver.host': '127.0.0.1',
      'spark.driver.bindAddress': '127.0.0.1',
      'spark.local.dir': scratch,
      'spark.sql.shuffle.partitions': '1',
      'spark.databricks.delta.snapshotPartitions': '1',
      // Tables are made with these. A log is deleted by whole days, and a stopped reader may still need it.
      [`${DELTA_DEFAULTS}.deletedFileRetentionDuration`]: `interval ${Math.ceil(retentionMs / 60_000)} minutes`,
      [`${DELTA_DEFAULTS}.logRetentionDuration`]: 'interval 2 days',
      // Each commit would write the names of all files once more beside it.
      'spark.databricks.delta.writeChecksumFile.enabled': 'false',
      // Each names all the files that were removed within the retention.
      [`${DELTA_DEFAULTS}.checkpointInterval`]: '100',
      // Bronze has more folders than that, and a job to list them takes longer than the listing.
      'spark.sql.sources.parallelPartitionDiscovery.threshold': '100000',
      // The log of read files is rewritten as a whole after this many batches; old ones are deleted soon after.
      'spark.sql.streaming.fileSource.log.compactInterval': '100',
      'spark.sql.streaming.fileSource.log.cleanupDelay': '1m',
    }
    const submit = ['--master local[1]', `--driver-memory ${DRIVER_MEMORY}`]
    for (const [name, value] of Object.entries(settings)) submit.push(`--conf "${name}=${value}"`)
    return {
      ...env,
      PYSPARK_PYTHON: python,
      PYSPARK_SUBMIT_ARGS: [...submit, 'pyspark-shell'].join(' '),
      // Its own host name may lead anywhere.
      SPARK_LOCAL_IP: '127.0.0.1',
      RTSTREAM_LAKE_ROOT: lakeRoot,
      RTSTREAM_CHECKPOINT_ROOT: '',
      RTSTREAM_TRIGGER: 'processingTime',
      RTSTREAM_INTERVAL: '1 second',
      RTSTREAM_SOURCE: 'files',
      RTSTREAM_MAX_FILES,
    }
  }

  #heard(line: string): void {
    let message: Message
    try {
      message = JSON.parse(line)
    } catch {
      this.#options.logger.warn({ notebook: this.#options.notebook, line }, 'Spark said something unexpected')
      return
    }
    if (message.event === 'running' && this.state === 'starting') this.state = 'running'
    if (message.event === 'failed') this.error = message.error
    if (message.event !== 'progress') return
    const { batchId, inputRows, durationMs } = message
    this.progress = { batchId, inputRows, durationMs, at: this.#options.clock.now() }
  }

  #whyItEnded(): string {
    const { exitCode = null, signalCode = null } = this.#child ?? {}
    const how = signalCode ? `was ended by ${signalCode}` : `ended with code ${exitCode}`
    const said = this.#lastLines.at(-1)
    return `The Spark process ${how}${said ? `: ${said.slice(0, 300)}` : ''}. Start the stage again: it goes on where it was.`
  }
}
