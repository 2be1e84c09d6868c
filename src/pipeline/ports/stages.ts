/** What the pipeline asks of the stages that a service runs: the Stream Analytics job, the Databricks jobs, the Synapse pipeline. */
/** Stage identifiers, in the order in which data flows and in which the keys 1–5 stand. */
export const STAGE_IDS = ['generator', 'streamAnalytics', 'silver', 'gold', 'aggregate'] as const
/** The generator too, though no service runs it. */
export type StageId = (typeof STAGE_IDS)[number]

/** A stage's state, the same for every service. The service's own word for it stands beside it. */
export type StageState = 'stopped' | 'starting' | 'running' | 'stopping' | 'degraded' | 'failed' | 'unknown'

/** A service's answer. */
export interface StageStatus {
  state: StageState
  /** The service's own word, unchanged: `Running`, `TERMINATED SUCCESS`, `InProgress`, … */
  providerStatus: string
  /** The service's reason or error text, one line. */
  detail?: string | undefined
  /** When the present run started. */
  since?: Date | undefined
  /** Databricks run id, Synapse run id. */
  runId?: string | undefined
  /** Newest first, at most 10; the present run included. */
  history?: readonly RunOutcome[] | undefined
  job?: JobProperties | undefined
}

/** One run, whether it has ended or not. */
export interface RunOutcome {
  runId: string
  state: StageState
  providerStatus: string
  startedAt: Date | undefined
  endedAt: Date | undefined
  /** Where it is seen in a browser. */
  url?: string | undefined
  /** What the run gave back at its end: the value of the notebook. Undefined: not asked for, or none. */
  output?: string | undefined
  /** The run's error text, for a failed run. */
  error?: string | undefined
}

/** Of the Stream Analytics job alone. */
export interface JobProperties {
  /** In tenths of a StandardV2 unit, as the service counts them. */
  streamingUnits: number | undefined
  /** Undefined: the job has never written output, so `LastOutputEventTime` is not allowed. */
  lastOutputEventTime: Date | undefined
}

/** Each call may throw ServiceError. */
export interface StageService {
  status(signal?: AbortSignal): Promise<StageStatus>
  /** Idempotent: a stage that runs or starts is left alone. Resolves when the service has accepted the command. */
  start(signal?: AbortSignal): Promise<void>
  /** Idempotent. Resolves when the service has accepted the command. */
  stop(signal?: AbortSignal): Promise<void>
}

/** Undefined members: the service has no value for that time. */
export interface JobMetrics {
  /** End of the newest minute (or instant) that the numbers cover. */
  at: Date
  /** Totals since the job was created (local) or over the queried span (Azure, see `totalsSince`). */
  inputEvents: number
  outputEvents: number
  deserializationErrors: number
  errors: number
  totalsSince: Date | undefined
  watermarkDelaySeconds: number | undefined
  backloggedInputEvents: number | undefined
  /** Percent of the streaming units. */
  resourceUtilization: number | undefined
}

/** Asked apart from the job's status: on Azure another service has them, minutes late. */
export interface MetricsSource {
  /** Undefined: the service has no numbers yet (a stopped job has none). */
  jobMetrics(signal?: AbortSignal): Promise<JobMetrics | undefined>
}
