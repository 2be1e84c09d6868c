/** The Workspace API: enough to upload notebooks and look at them. The embedded engine runs its own form of them. */
import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { isForm, readForm, readJson } from '../http/body.ts'
import { HttpError } from '../http/errors.ts'
import type { Call, Route } from '../http/router.ts'
import { StateMap, StateMapFullError } from '../storage/state-map.ts'
import { USER_NAME } from './discovery.ts'
import { invalid, missing } from './errors.ts'
import { withBodyParameters } from './get-parameters.ts'
import { isTrue } from './run-filter.ts'
import { exported, imported, type WorkspaceObject } from './workspace-objects.ts'

const MAX_OBJECTS = 500
const MAX_BYTES = 20_000_000
/** Of one object that is imported, by the reference of `workspace/import` (bytes). */
const MAX_OBJECT_BYTES = 10_485_760
/** Of a request that brings one: in base64, or in a form, beside its path (bytes). */
const MAX_REQUEST_BYTES = 16 * 1024 * 1024
/** Folders of every workspace: each of its users has one, which is there before the user does anything. */
const FIRST_FOLDERS = ['/', '/Shared', '/Users', `/Users/${USER_NAME}`]

/** @param stateFile holds all objects; their number and size are bounded. */
export function workspaceRoutes(stateFile: string, checkRate: () => void): Route[] {
  const objects = new StateMap<WorkspaceObject>({
    file: stateFile,
    initial: () => FIRST_FOLDERS.map((path) => [path, { kind: 'DIRECTORY' }] as const),
    keys: ['kind'],
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
  const route = (method: string, name: string, handle: Route['handle']): Route => ({
    method,
    pattern: `/databricks/api/2.0/workspace/${name}`,
    handle: async (call) => {
      checkRate()
      return handle(await withBodyParameters(call))
    },
  })

  return [
    route('POST', 'mkdirs', async ({ request }) => {
      const wanted = pathIn((await readJson(request)).path)
      const folders = ancestors(wanted)
      const taken = folders.find((folder) => (objects.get(folder)?.kind ?? 'DIRECTORY') !== 'DIRECTORY')
      if (taken !== undefined)
        throw new HttpError(
          400,
          'RESOURCE_ALREADY_EXISTS',
          `There is already something other than a folder at ${taken}.`,
        )
      for (const folder of folders) if (!objects.get(folder)) put(folder, { kind: 'DIRECTORY' })
      return { body: {} }
    }),
    route('POST', 'import', async ({ request }) => {
      const { overwrite, ...wanted } = isForm(request) ? await uploadIn(request) : await importIn(request)
      checkSize(wanted.content)
      const { path, object } = imported(wanted)
      if (objects.get(parentOf(path))?.kind !== 'DIRECTORY')
        throw missing(`The parent folder (${parentOf(path)}) does not exist.`)
      const before = objects.get(path)
      if (before && (before.kind === 'DIRECTORY' || !overwrite))
        throw new HttpError(400, 'RESOURCE_ALREADY_EXISTS', `Path (${path}) already exists.`)
      put(path, object)
      return { body: {} }
    }),
    route('POST', 'delete', async ({ request }) => {
      const { path: given, recursive } = await readJson(request)
      const path = pathIn(given)
      find(path)
      if (FIRST_FOLDERS.includes(path))
        throw new HttpError(400, 'BAD_REQUEST', `Path (${path}) belongs to the workspace.`)
      const inside = objects
        .entries()
        .map(([name]) => name)
        .filter((name) => name.startsWith(`${path}/`))
      if (inside.length > 0 && recursive !== true)
        throw new HttpError(400, 'DIRECTORY_NOT_EMPTY', `Folder (${path}) is not empty.`)
      objects.delete(path, ...inside)
      return { body: {} }
    }),
    route('GET', 'get-status', (call) => {
      const path = pathOf(call)
      return { body: describe(path, find(path)) }
    }),
    route('GET', 'list', (call) => {
      const path = pathOf(call)
      const object = find(path)
      if (object.kind !== 'DIRECTORY') return { body: { objects: [describe(path, object)] } }
      const inside = objects.entries().filter(([name]) => name !== '/' && parentOf(name) === path)
      return { body: inside.length > 0 ? { objects: inside.map(([name, one]) => describe(name, one)) } : {} }
    }),
    route('GET', 'export', (call) => {
      const path = pathOf(call)
      const body = exported(path, find(path), call.query.get('format') ?? 'SOURCE')
      return { body: isTrue(call.query, 'direct_download') ? Buffer.from(body.content, 'base64') : body }
    }),
  ]
}

const describe = (path: string, object: WorkspaceObject) => ({
  object_type: object.kind,
  path,
  ...(object.kind === 'NOTEBOOK' ? { language: object.language } : {}),
  ...(object.kind === 'FILE' ? { size: Buffer.from(object.content, 'base64').length } : {}),
  object_id: idOf(path),
  resource_id: String(idOf(path)),
})

interface Import {
  path: string
  content: string
  format: string
  language: string | undefined
  overwrite: boolean
}

async function importIn(request: IncomingMessage): Promise<Import> {
  const { path, content, format, language, overwrite } = await readJson(request, MAX_REQUEST_BYTES)
  if (typeof content !== 'string' || !isBase64(content))
    throw invalid('content must be the object in base64.')
  return {
    path: pathIn(path),
    content,
    format: textIn(format) ?? 'SOURCE',
    language: textIn(language),
    overwrite: overwrite === true,
  }
}

/** The same as a posted form, whose content is the file itself. */
async function uploadIn(request: IncomingMessage): Promise<Import> {
  const form = await readForm(request, MAX_REQUEST_BYTES)
  const content = form.get('content')
  if (content === null || typeof content === 'string') throw invalid('content must be a file.')
  return {
    path: pathIn(form.get('path')),
    content: Buffer.from(await content.arrayBuffer()).toString('base64'),
    format: textIn(form.get('format')) ?? 'SOURCE',
    language: textIn(form.get('language')),
    overwrite: textIn(form.get('overwrite'))?.toLowerCase() === 'true',
  }
}

/** @param content base64. @throws HttpError 400, in the words that users quote (terraform-provider-databricks, issue 4077) */
function checkSize(content: string): void {
  const size = Buffer.byteLength(content, 'base64')
  if (size > MAX_OBJECT_BYTES)
    throw new HttpError(
      400,
      'MAX_NOTEBOOK_SIZE_EXCEEDED',
      `File size imported is (${size} bytes), exceeded max size (${MAX_OBJECT_BYTES} bytes)`,
    )
}

const textIn = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined)

const isBase64 = (text: string) => /^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(text)

const pathOf = ({ query }: Call) => pathIn(query.get('path'))

/** @throws HttpError 400 */
function pathIn(path: unknown): string {
  if (typeof path !== 'string' || !path.startsWith('/') || path.length > 1000)
    throw invalid('path must be absolute.')
  // Its gateway takes no path that leads upwards (ucx, issue 2882).
  if (/(?:^|\/)\.\.?(?:\/|$)/.test(path)) throw new HttpError(400, 'BAD_REQUEST', 'Invalid request path')
  const plain = path.replace(/\/+/g, '/').replace(/(?<=.)\/$/, '')
  // The root has a second name, by which today's tools write every path.
  return plain.replace(/^\/Workspace(?:\/|$)/, '/')
}

/** The same as long as an object stands there; a number that every client can hold. */
const idOf = (path: string) => createHash('sha256').update(path).digest().readUIntBE(0, 6)

const parentOf = (path: string) => path.slice(0, path.lastIndexOf('/')) || '/'

/** The folder itself and those above it, the highest first. */
function ancestors(path: string): string[] {
  const names = path.split('/').filter(Boolean)
  return names.map((_, index) => `/${names.slice(0, index + 1).join('/')}`)
}
