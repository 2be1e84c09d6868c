/** How to start Azure on loopback, and what it tells about itself once it runs. Plain data: it crosses a thread. */

export interface LocalAzureOptions {
  /** Everything is kept below this folder: `hub/`, `lake/`, `state/`. Must exist. */
  dataDir: string
  partitions: number
  /** Of the event hub, beside the ones that are always there. */
  consumerGroups: readonly string[]
  /** 0 = a free port. */
  ports: Record<'amqp' | 'amqpTls' | 'kafka' | 'kafkaTls' | 'lake' | 'lakeTls' | 'management', number>
  hubRetention: { ms: number; bytes: number }
  /** Refuse writes to the lake above this size (bytes). */
  lakeLimit: number
  /** Delete bronze that silver has read, table files that no version needs, and old log files after this time (ms). */
  lakeRetentionMs: number
  engine: 'duckdb' | 'spark'
  /** See {@link KeyMode}. */
  keys: KeyMode
  /** The command that runs here, named to a second one that finds the folder in use: `serve`. */
  command?: string | undefined
  /** Where pino lines go; the worker appends to the same file as the process. */
  logFile: string | undefined
  /** Seeds ids and tokens in tests; undefined: random. */
  seed: string | undefined
}

/** Keys, token and certificate: new at every start, kept in the data folder, or the same for everybody. */
export type KeyMode = 'new' | 'kept' | 'fixed'

/** Of the local hub. */
export const EVENT_HUB_NAME = 'weather'
/** What clients give instead of names of their own; none of them can be set. */
export const LOCAL_NAMES = {
  account: 'rtstreamlocal',
  subscription: '00000000-0000-0000-0000-000000000000',
  resourceGroup: 'rg-rtstream-local',
  namespace: 'rtstream-local',
  job: 'asa-rtstream-local',
  silverJob: 'rtstream-silver',
  goldJob: 'rtstream-gold',
  pipeline: 'rtstream-aggregate',
  synapseWorkspace: 'synw-rtstream-local',
  keyName: 'RootManageSharedAccessKey',
  asaConsumerGroup: 'stream-analytics',
  monitorConsumerGroup: 'monitor',
} as const

/** On the resource group and on every resource in it. */
export const LOCAL_TAGS = { application: 'rtstream-tui', environment: 'local' } as const

/** Where the local services listen, and the session's secrets. Never logged. */
export interface LocalAzureEndpoints {
  /** `sb://localhost:PORT`, TLS, for `customEndpointAddress`. */
  eventHubsTls: string
  /** What the hub has: a folder keeps the number that it was made with. */
  partitions: number
  consumerGroups: readonly string[]
  /** Plain TCP, `UseDevelopmentEmulator=true`, with EntityPath. */
  eventHubsConnectionString: string
  /** `localhost:PORT`, Kafka's bootstrap server: SASL_PLAINTEXT, and SASL_SSL as the service has it. */
  kafka: string
  kafkaTls: string
  /** `https://localhost:PORT/rtstreamlocal` */
  lakeTls: string
  /** `http://127.0.0.1:PORT/rtstreamlocal`, SharedKey only. */
  lake: string
  lakeConnectionString: string
  accountKey: string
  /** `https://localhost:PORT`; ARM and metrics below `/`, Databricks below `/` and `/databricks`, Synapse below `/synapse`. */
  management: string
  /** Bearer token of the session, accepted by every server. */
  token: string
  /** PEM of the session's own certificate, and the file it stands in for clients of other languages. */
  certificate: string
  certificateFile: string
}
