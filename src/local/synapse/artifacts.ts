/** Notebooks and pipelines of the workspace: kept as they were sent, and changed by long-running operations. */
import { readJson } from '../http/body.ts'
import { HttpError } from '../http/errors.ts'
import type { Call, Route } from '../http/router.ts'
import { selfUrl } from '../http/self-url.ts'
import { LOCAL_NAMES } from '../runtime/options.ts'
import { StateMap, StateMapFullError } from '../storage/state-map.ts'
import { API_VERSION, synapseRoute } from './api.ts'

export interface Artifact {
  name: string
  /** A new one at every change. */
  etag: string
  properties: Readonly<Record<string, unknown>>
}

export type ArtifactKind = 'notebooks' | 'pipelines'

const LABELS: Readonly<Record<ArtifactKind, string>> = { notebooks: 'Notebook', pipelines: 'Pipeline' }
const MAX_ARTIFACTS = 200
const MAX_BYTES = 20_000_000
/** Operations that can still be polled for. */
const MAX_OPERATIONS = 50
/** The client polls that often (s). */
const POLL_SECONDS = '1'

interface Operation {
  kind: ArtifactKind
  name: string
  /** Polls that are still answered with 202: an operation is never over at once. */
  pollsLeft: number
}

export class Artifacts {
  readonly #kept: StateMap<Artifact>
  readonly #nextId: () => string
  readonly #operations = new Map<string, Operation>()

  constructor(stateFile: string, nextId: () => string) {
    this.#nextId = nextId
    this.#kept = new StateMap<Artifact>({
      file: stateFile,
      initial: () => [[keyOf('pipelines', LOCAL_NAMES.pipeline), aggregatePipeline(nextId())]],
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
        `The ${LABELS[kind].toLowerCase()} '${name}' was not found.`,
      )
    return artifact
  }

  routes(): Route[] {
    return [
      ...this.#kindRoutes('notebooks'),
      ...this.#kindRoutes('pipelines'),
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
        return { body: describe(kind, artifact), headers: { etag: artifact.etag } }
      }),
      synapseRoute('PUT', `/${kind}/:name`, async (call) => {
        const name = nameIn(call)
        const { properties } = await readJson(call.request)
        if (typeof properties !== 'object' || properties === null || Array.isArray(properties))
          throw new HttpError(400, 'BadRequest', `The ${LABELS[kind].toLowerCase()} needs properties.`)
        this.#refuseOtherVersion(call, this.#kept.get(keyOf(kind, name)))
        this.#put(kind, { name, etag: this.#nextId(), properties: properties as Artifact['properties'] })
        return {
          status: 202,
          headers: { location: this.#begin(call, kind, name), 'retry-after': POLL_SECONDS },
          body: { recordId: 1, state: 'Creating', status: 'Creating' },
        }
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
        return { status: 200 }
      }),
    ]
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
    if (wanted === undefined || wanted === '*' || wanted === before?.etag) return
    throw new HttpError(412, 'PreconditionFailed', 'The artifact was changed by somebody else meanwhile.')
  }

  #begin({ request }: Call, kind: ArtifactKind, name: string): string {
    const id = this.#nextId()
    const [oldest] = this.#operations.keys()
    if (this.#operations.size >= MAX_OPERATIONS && oldest !== undefined) this.#operations.delete(oldest)
    this.#operations.set(id, { kind, name, pollsLeft: 1 })
    return selfUrl(request, `/synapse/operationResults/${id}?api-version=${API_VERSION}`)
  }

  #poll({ params, request }: Call) {
    const operation = this.#operations.get(params.id ?? '')
    if (!operation)
      throw new HttpError(404, 'OperationNotFound', `The operation '${params.id}' was not found.`)
    if (operation.pollsLeft-- > 0) {
      const location = selfUrl(request, request.url ?? '')
      return { status: 202, headers: { location, 'retry-after': POLL_SECONDS } }
    }
    return { body: describe(operation.kind, this.find(operation.kind, operation.name)) }
  }
}

const keyOf = (kind: ArtifactKind, name: string) => `${kind}/${name}`

const describe = (kind: ArtifactKind, { name, etag, properties }: Artifact) => ({
  id: `/subscriptions/${LOCAL_NAMES.subscription}/resourceGroups/${LOCAL_NAMES.resourceGroup}/providers/Microsoft.Synapse/workspaces/local/${kind}/${name}`,
  name,
  type: `Microsoft.Synapse/workspaces/${kind}`,
  etag,
  properties,
})

/** There from the first start on, as setup would make it. */
const aggregatePipeline = (etag: string): Artifact => ({
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
  },
})
