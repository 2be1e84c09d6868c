/** The Workspace API: enough to upload notebooks and look at them. The embedded engine runs its own form of them. */
import { readJson } from '../http/body.ts'
import { HttpError } from '../http/errors.ts'
import type { Call, Route } from '../http/router.ts'
import { StateMap, StateMapFullError } from '../state-map.ts'
import { invalid, missing } from './errors.ts'

type WorkspaceObject = { kind: 'DIRECTORY' } | { kind: 'NOTEBOOK'; language: string; content: string }

const MAX_OBJECTS = 500
const MAX_BYTES = 20_000_000
const LANGUAGES = ['PYTHON', 'SQL', 'SCALA', 'R']
const FORMATS = ['SOURCE', 'AUTO', 'JUPYTER']

export function workspaceRoutes(stateFile: string, checkRate: () => void): Route[] {
  const objects = new StateMap<WorkspaceObject>({
    file: stateFile,
    initial: () => ['/', '/Shared', '/Users'].map((path) => [path, { kind: 'DIRECTORY' }] as const),
    maxEntries: MAX_OBJECTS,
    maxBytes: MAX_BYTES,
  })
  const put = (path: string, object: WorkspaceObject) => {
    try {
      objects.set(path, object)
    } catch (error) {
      if (!(error instanceof StateMapFullError)) throw error
      throw new HttpError(400, 'QUOTA_EXCEEDED', `The workspace is full. ${error.message}`)
    }
  }
  const find = (path: string): WorkspaceObject => {
    const object = objects.get(path)
    if (!object) throw missing(`Path (${path}) doesn't exist.`)
    return object
  }
  const describe = (path: string, object: WorkspaceObject) => ({
    object_type: object.kind,
    path,
    ...(object.kind === 'NOTEBOOK' ? { language: object.language } : {}),
  })
  const route = (method: string, name: string, handle: Route['handle']): Route => ({
    method,
    pattern: `/databricks/api/2.0/workspace/${name}`,
    handle: (call) => {
      checkRate()
      return handle(call)
    },
  })

  return [
    route('POST', 'mkdirs', async ({ request }) => {
      const wanted = pathIn((await readJson(request)).path)
      const folders = ancestors(wanted)
      const taken = folders.find((folder) => objects.get(folder)?.kind === 'NOTEBOOK')
      if (taken !== undefined)
        throw new HttpError(400, 'RESOURCE_ALREADY_EXISTS', `A notebook stands at ${taken}.`)
      for (const folder of folders) if (!objects.get(folder)) put(folder, { kind: 'DIRECTORY' })
      return { body: {} }
    }),
    route('POST', 'import', async ({ request }) => {
      const { path, content, language = 'PYTHON', format = 'SOURCE', overwrite } = await readJson(request)
      const name = pathIn(path)
      if (typeof content !== 'string') throw invalid('content must be the notebook in base64.')
      if (!LANGUAGES.includes(String(language)))
        throw invalid(`language must be one of ${LANGUAGES.join(', ')}.`)
      if (!FORMATS.includes(String(format))) throw invalid(`format must be one of ${FORMATS.join(', ')}.`)
      if (objects.get(parentOf(name))?.kind !== 'DIRECTORY')
        throw missing(`The parent folder (${parentOf(name)}) does not exist.`)
      const before = objects.get(name)
      if (before && (before.kind === 'DIRECTORY' || overwrite !== true))
        throw new HttpError(400, 'RESOURCE_ALREADY_EXISTS', `Path (${name}) already exists.`)
      put(name, { kind: 'NOTEBOOK', language: String(language), content })
      return { body: {} }
    }),
    route('GET', 'get-status', (call) => {
      const path = pathOf(call)
      return { body: describe(path, find(path)) }
    }),
    route('GET', 'list', (call) => {
      const path = pathOf(call)
      if (find(path).kind === 'NOTEBOOK') return { body: { objects: [describe(path, find(path))] } }
      const inside = objects.entries().filter(([name]) => name !== '/' && parentOf(name) === path)
      return { body: inside.length > 0 ? { objects: inside.map(([name, one]) => describe(name, one)) } : {} }
    }),
    route('GET', 'export', (call) => {
      const path = pathOf(call)
      const object = find(path)
      if (object.kind === 'DIRECTORY') throw invalid(`Path (${path}) is a folder.`)
      return { body: { content: object.content, file_type: 'py' } }
    }),
  ]
}

const pathOf = ({ query }: Call) => pathIn(query.get('path'))

/** @throws HttpError 400 */
function pathIn(path: unknown): string {
  if (typeof path !== 'string' || !path.startsWith('/') || path.length > 1000)
    throw invalid('path must be absolute.')
  return path.replace(/\/+/g, '/').replace(/(?<=.)\/$/, '')
}

const parentOf = (path: string) => path.slice(0, path.lastIndexOf('/')) || '/'

/** The folder itself and those above it, the highest first. */
function ancestors(path: string): string[] {
  const names = path.split('/').filter(Boolean)
  return names.map((_, index) => `/${names.slice(0, index + 1).join('/')}`)
}
