/** Notebooks and pipelines of the workspace: kept as they were sent, and changed by long-running operations. */
import { readJson } from '../http/body.ts'
import { HttpError } from '../http/errors.ts'
import type { Answer, Call, Route } from '../http/router.ts'
import { selfUrl } from '../http/self-url.ts'
import { LOCAL_NAMES } from '../runtime/options.ts'
import { StateMap, StateMapFullError } from '../storage/state-map.ts'
import { API_VERSION, sevenDigits, synapseRoute, WORKSPACE_ID } from './api.ts'

/** A notebook or a pipeline. */
export interface Artifact {
  name: string
  /** A new one at every change. */
  etag: string
  properties: Readonly<Record<string, unknown>>
}

/** Segment of the path. */
export type ArtifactKind = 'notebooks' | 'pipelines'

/**
 * Kinds of which there is none: a list without entries, which tools read that copy or compare a workspace, and look for a pool before they name
 * one. Linked services and integration runtimes are not among them: no workspace is without.
 */
const NONE = [
  'bigDataPools',
  'sqlPools',
  'datasets',
  'dataflows',
  'triggers',
  'sqlScripts',
  'sparkJobDefinitions',
  'libraries',
]
/** Nothing here begins any. */
const NO_RUNS = ['queryTriggerRuns', 'queryDataFlowDebugSessions']

const LABELS: Readonly<Record<ArtifactKind, string>> = { notebooks: 'Notebook', pipelines: 'Pipeline' }
const MAX_ARTIFACTS = 200
const MAX_BYTES = 20_000_000
/** Operations that can still be polled for. */
const MAX_OPERATIONS = 50
/** Both times in the record of a deletion (recordings of the SDK for .NET). */
const NO_TIME = '0001-01-01T00:00:00'
/** The client polls that often (s). */
const POLL_SECONDS = '1'

interface Operation {
  kind: ArtifactKind
  name: string
  /** A deletion ends without a body. */
  isDeletion: boolean
  /** Polls that are still answered with 202: an operation is never over at once. */
  pollsLeft: number
}

/** A bounded number, kept in a state file. */
export class Artifacts {
  readonly #kept: StateMap<Artifact>
  readonly #nextId: () => string
  readonly #now: () => number
  /** Number of the newest change. */
  #records = 0
  readonly #operations = new Map<string, Operation>()

  /** @param now epoch ms. */
  constructor(stateFile: string, nextId: () => string, now: () => number) {
    this.#nextId = nextId
    this.#now = now
    this.#kept = new StateMap<Artifact>({
      file: stateFile,
      initial: () => [
        [keyOf('pipelines', LOCAL_NAMES.pipeline), aggregatePipeline(nextId(), this.#published('pipelines'))],
      ],
      keys: ['name', 'etag', 'properties'],
      maxEntries: MAX_ARTIFACTS,
      maxBytes: MAX_BYTES,
    })
  }

  /** @throws HttpError 404 */
  find(kind: ArtifactKind, name: string): Artifact {
    const artifact = this.#kept.get(keyOf(kind, name))
    if (!artifact)
      throw new HttpError(
        404,
        `${LABELS[kind]}NotFound`,
        `The ${LABELS[kind]} ${name} was not found in (subscription=${LOCAL_NAMES.subscription} resourceGroup=${LOCAL_NAMES.resourceGroup} workspace=${LOCAL_NAMES.synapseWorkspace})`,
      )
    return artifact
  }

  /** Reads, changes, and the polls of changes. */
  routes(): Route[] {
    return [
      ...this.#kindRoutes('notebooks'),
      ...this.#kindRoutes('pipelines'),
      ...NONE.map((kind) => synapseRoute('GET', `/${kind}`, () => ({ body: { value: [] } }))),
      ...NO_RUNS.map((query) => synapseRoute('POST', `/${query}`, () => ({ body: { value: [] } }))),
      synapseRoute('GET', '/operationResults/:id', (call) => this.#poll(call)),
    ]
  }

  #kindRoutes(kind: ArtifactKind): Route[] {
    const nameIn = ({ params }: Call) => params.name ?? ''
    return [
      synapseRoute('GET', `/${kind}`, () => ({
        body: {
          value: this.#kept
            .entries()
            .filter(([key]) => key.startsWith(`${kind}/`))
            .map(([, artifact]) => describe(kind, artifact)),
        },
      })),
      synapseRoute('GET', `/${kind}/:name`, (call) => {
        const artifact = this.find(kind, nameIn(call))
        if (isKnown(call, artifact)) return { status: 304, headers: { etag: artifact.etag } }
        return { body: describe(kind, artifact), headers: { etag: artifact.etag } }
      }),
      synapseRoute('PUT', `/${kind}/:name`, async (call) => {
        const name = nameIn(call)
        const { properties } = await readJson(call.request)
        if (typeof properties !== 'object' || properties === null || Array.isArray(properties))
          throw new HttpError(400, 'BadRequest', `The ${LABELS[kind].toLowerCase()} needs properties.`)
        this.#refuseOtherVersion(call, this.#kept.get(keyOf(kind, name)))
        const isNew = this.#kept.get(keyOf(kind, name)) === undefined
        const etag = this.#nextId()
        this.#put(kind, { name, etag, properties: { ...properties, ...this.#published(kind) } })
        return this.#accept(call, kind, name, isNew ? 'Creating' : 'Updating')
      }),
      synapseRoute('DELETE', `/${kind}/:name`, (call) => {
        const { name } = this.find(kind, nameIn(call))
        if (kind === 'pipelines' && name === LOCAL_NAMES.pipeline)
          throw new HttpError(
            409,
            'PipelineInUse',
            `The pipeline '${name}' is a stage of the control room, which could not run without it.`,
          )
        this.#kept.delete(keyOf(kind, nameIn(call)))
        return this.#accept(call, kind, name, 'Deleting')
      }),
    ]
  }

  /** Of pipelines, which tell when they were last changed; what a client sends back of it does not count. */
  #published(kind: ArtifactKind): { lastPublishTime?: string } {
    if (kind !== 'pipelines') return {}
    return { lastPublishTime: new Date(this.#now()).toISOString().replace(/\.\d+Z$/, 'Z') }
  }

  #put(kind: ArtifactKind, artifact: Artifact): void {
    try {
      this.#kept.set(keyOf(kind, artifact.name), artifact)
    } catch (error) {
      if (!(error instanceof StateMapFullError)) throw error
      throw new HttpError(409, 'QuotaExceeded', `The workspace is full. ${error.message}`)
    }
  }

  #refuseOtherVersion({ request }: Call, before: Artifact | undefined): void {
    const wanted = request.headers['if-match']
    if (wanted === undefined || wanted === '*' || plainTag(wanted) === before?.etag) return
    throw new HttpError(412, 'PreconditionFailed', 'The artifact was changed by somebody else meanwhile.')
  }

  /** 202 with a record of the change, and where to ask on. */
  #accept(call: Call, kind: ArtifactKind, name: string, state: 'Creating' | 'Updating' | 'Deleting'): Answer {
    const id = this.#nextId()
    const isDeletion = state === 'Deleting'
    const headers = {
      location: this.#begin(call, id, { kind, name, isDeletion, pollsLeft: 1 }),
      'retry-after': POLL_SECONDS,
    }
    const time = isDeletion ? NO_TIME : sevenDigits(this.#now())
    const artifactId = isDeletion ? undefined : this.#nextId()
    const body = {
      id: idOf(kind, name),
      recordId: isDeletion ? 0 : ++this.#records,
      state,
      created: time,
      changed: time,
      type: LABELS[kind],
      name,
      operationId: id,
      artifactId,
    }
    return { status: 202, headers, body }
  }

  #begin({ request }: Call, id: string, operation: Operation): string {
    const [oldest] = this.#operations.keys()
    if (this.#operations.size >= MAX_OPERATIONS && oldest !== undefined) this.#operations.delete(oldest)
    this.#operations.set(id, operation)
    return selfUrl(request, `/synapse/operationResults/${id}?api-version=${API_VERSION}`)
  }

  #poll({ params, request }: Call) {
    const operation = this.#operations.get(params.id ?? '')
    if (!operation)
      throw new HttpError(404, 'OperationNotFound', `The operation '${params.id}' was not found.`)
    if (operation.pollsLeft-- > 0) {
      const location = selfUrl(request, request.url ?? '')
      return {
        status: 202,
        headers: { location, 'retry-after': POLL_SECONDS },
        body: { status: 'InProgress' },
      }
    }
    if (operation.isDeletion) return { status: 200 }
    return { body: describe(operation.kind, this.find(operation.kind, operation.name)) }
  }
}

/** The client has that version already. */
function isKnown({ request }: Call, { etag }: Artifact): boolean {
  const known = request.headers['if-none-match']
  return known === '*' || (known !== undefined && plainTag(known) === etag)
}

/** The service writes its ETags without quotes, and clients that hold to HTTP send them back with quotes. */
const plainTag = (tag: string) => tag.replace(/^W\/|"/g, '')

const keyOf = (kind: ArtifactKind, name: string) => `${kind}/${name}`

const idOf = (kind: ArtifactKind, name: string) => `${WORKSPACE_ID}/${kind}/${name}`

const describe = (kind: ArtifactKind, { name, etag, properties }: Artifact) => ({
  id: idOf(kind, name),
  name,
  type: `Microsoft.Synapse/workspaces/${kind}`,
  etag,
  properties,
})

/** There from the first start on, as setup would make it. */
const aggregatePipeline = (etag: string, published: object): Artifact => ({
  name: LOCAL_NAMES.pipeline,
  etag,
  properties: {
    concurrency: 1,
    activities: [
      {
        name: 'aggregate',
        type: 'SynapseNotebook',
        typeProperties: { notebook: { referenceName: 'aggregate', type: 'NotebookReference' } },
      },
    ],
    ...published,
  },
})
