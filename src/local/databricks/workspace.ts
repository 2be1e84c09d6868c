/** The Workspace API: enough to upload notebooks and look at them. The embedded engine runs its own form of them. */
import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { isForm, readBody, readForm, readJson } from '../http/body.ts'
import { HttpError } from '../http/errors.ts'
import type { Call, Route } from '../http/router.ts'
import type { Clock } from '../runtime/clock.ts'
import { invalid } from './errors.ts'
import { withBodyParameters } from './get-parameters.ts'
import { isTrue } from './run-filter.ts'
import { exported, type WorkspaceObject } from './workspace-objects.ts'
import { type Import, WorkspaceStore } from './workspace-store.ts'

/** Of a request that brings one: in base64, or in a form, beside its path (bytes). */
const MAX_REQUEST_BYTES = 16 * 1024 * 1024

/** @param stateFile holds all objects; their number and size are bounded. */
export function workspaceRoutes(stateFile: string, clock: Clock, checkRate: () => void): Route[] {
  const objects = new WorkspaceStore(stateFile, clock)
  const route = (method: string, name: string, handle: Route['handle']): Route => ({
    method,
    pattern: `/databricks/api/2.0/${name.startsWith('workspace-') ? name : `workspace/${name}`}`,
    handle: async (call) => {
      checkRate()
      return handle(await withBodyParameters(call))
    },
  })

  return [
    route('POST', 'mkdirs', async ({ request }) => {
      objects.makeFolders(ancestors(pathIn((await readJson(request)).path)))
      return { body: {} }
    }),
    route('POST', 'import', async ({ request }) => {
      objects.take(isForm(request) ? await uploadIn(request) : await importIn(request))
      return { body: {} }
    }),
    // By which Databricks' command line uploads: the whole path is one segment, the body the object itself. What is known of it, that
    // client knows: 404 without the folder, 409 where a file stands, 400 where a notebook does.
    route('POST', 'workspace-files/import-file/:path', async ({ request, params, query }) => {
      objects.take(await fileIn(request, params.path, isTrue(query, 'overwrite')), true)
      return { body: {} }
    }),
    route('POST', 'delete', async ({ request }) => {
      const { path, recursive } = await readJson(request)
      objects.delete(pathIn(path), recursive === true)
      return { body: {} }
    }),
    route('GET', 'get-status', (call) => {
      const path = pathOf(call)
      const object = objects.find(path)
      const format = isTrue(call.query, 'return_export_info') && object.kind === 'NOTEBOOK'
      return {
        body: {
          ...describe(path, object),
          ...(format && { repos_export_format: object.format ?? 'SOURCE' }),
        },
      }
    }),
    route('GET', 'list', (call) => {
      const path = pathOf(call)
      const object = objects.find(path)
      if (object.kind !== 'DIRECTORY') return { body: { objects: [describe(path, object)] } }
      const inside = objects.inside(path)
      return { body: inside.length > 0 ? { objects: inside.map(([name, one]) => describe(name, one)) } : {} }
    }),
    route('GET', 'export', (call) => {
      const path = pathOf(call)
      const body = exported(path, objects.find(path), call.query.get('format') ?? 'SOURCE')
      return { body: isTrue(call.query, 'direct_download') ? Buffer.from(body.content, 'base64') : body }
    }),
  ]
}

const describe = (path: string, object: WorkspaceObject) => ({
  object_type: object.kind,
  path,
  ...(object.kind === 'NOTEBOOK' ? { language: object.language } : {}),
  ...(object.kind === 'FILE' ? { size: Buffer.from(object.content, 'base64').length } : {}),
  ...(object.kind === 'DIRECTORY' ? {} : { created_at: object.createdAt, modified_at: object.modifiedAt }),
  object_id: idOf(path),
  resource_id: String(idOf(path)),
})

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

/** A file that is the whole body. @param path as it stands in the address, mostly without its first slash. */
async function fileIn(request: IncomingMessage, path = '', overwrite = false): Promise<Import> {
  const content = (await readBody(request, MAX_REQUEST_BYTES)).toString('base64')
  return { path: pathIn(path.replace(/^\/?/, '/')), content, format: 'AUTO', language: undefined, overwrite }
}

const textIn = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined)

const isBase64 = (text: string) => /^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(text)

const pathOf = ({ query }: Call) => pathIn(query.get('path'))

/** Characters. */
const MAX_PATH = 1000

/** @throws HttpError 400 */
function pathIn(path: unknown): string {
  if (typeof path !== 'string') throw invalid('path is missing.')
  // As users quote it (terraform-provider-databricks, issue 126; ucx, issue 865).
  if (!path.startsWith('/')) throw invalid(`Path (${path.slice(0, MAX_PATH)}) doesn't start with '/'`)
  if (path.length > MAX_PATH) throw invalid(`path has more than ${MAX_PATH} characters.`)
  // Its gateway takes no path that leads upwards (ucx, issue 2882).
  if (/(?:^|\/)\.\.?(?:\/|$)/.test(path)) throw new HttpError(400, 'BAD_REQUEST', 'Invalid request path')
  const plain = path.replace(/\/+/g, '/').replace(/(?<=.)\/$/, '')
  // The root has a second name, by which today's tools write every path.
  return plain.replace(/^\/Workspace(?:\/|$)/, '/')
}

/** The same as long as an object stands there; a number that every client can hold. */
const idOf = (path: string) => createHash('sha256').update(path).digest().readUIntBE(0, 6)

/** The folder itself and those above it, the highest first. */
function ancestors(path: string): string[] {
  const names = path.split('/').filter(Boolean)
  return names.map((_, index) => `/${names.slice(0, index + 1).join('/')}`)
}
