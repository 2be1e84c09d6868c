/** Databricks Workspace REST: enough to upload notebooks and look at them. Kept in memory: the engine has its own. */
import { readJson } from '../http/body.ts'
import { type ErrorForm, HttpError } from '../http/errors.ts'
import type { Route } from '../http/router.ts'

const MAX_OBJECTS = 500

/** Databricks words its errors flat: `{"error_code","message"}`. */
export const databricksError: ErrorForm = (error) => ({
  headers: { 'content-type': 'application/json; charset=utf-8' },
  body: JSON.stringify({ error_code: error.code, message: error.message }),
})

export function workspaceRoutes(): Route[] {
  const folders = new Set(['/', '/Shared'])
  const notebooks = new Map<string, { content: string; language: string }>()
  const object = (path: string) => {
    const notebook = notebooks.get(path)
    if (notebook) return { object_type: 'NOTEBOOK', path, language: notebook.language }
    if (folders.has(path)) return { object_type: 'DIRECTORY', path }
    throw new HttpError(404, 'RESOURCE_DOES_NOT_EXIST', `Path (${path}) doesn't exist.`)
  }
  const parent = (path: string) => path.slice(0, path.lastIndexOf('/')) || '/'
  const at = (name: string) => `/databricks/api/2.0/workspace/${name}`
  return [
    {
      method: 'POST',
      pattern: at('mkdirs'),
      handle: async ({ request }) => {
        const path = String((await readJson(request)).path ?? '')
        for (let folder = path; folder !== '/' && folder !== ''; folder = parent(folder)) folders.add(folder)
        return { body: {} }
      },
    },
    {
      method: 'POST',
      pattern: at('import'),
      handle: async ({ request }) => {
        const { path, content, language, overwrite } = await readJson(request)
        const name = String(path ?? '')
        if (!folders.has(parent(name)))
          throw new HttpError(
            404,
            'RESOURCE_DOES_NOT_EXIST',
            `The parent folder (${parent(name)}) does not exist.`,
          )
        if (notebooks.has(name) && overwrite !== true)
          throw new HttpError(400, 'RESOURCE_ALREADY_EXISTS', `Path (${name}) already exists.`)
        if (notebooks.size >= MAX_OBJECTS)
          throw new HttpError(400, 'QUOTA_EXCEEDED', 'The workspace is full.')
        notebooks.set(name, { content: String(content ?? ''), language: String(language ?? 'PYTHON') })
        return { body: {} }
      },
    },
    {
      method: 'GET',
      pattern: at('get-status'),
      handle: ({ query }) => ({ body: object(query.get('path') ?? '') }),
    },
    {
      method: 'GET',
      pattern: at('list'),
      handle: ({ query }) => {
        const folder = query.get('path') ?? '/'
        object(folder)
        const inside = [...folders, ...notebooks.keys()].filter(
          (path) => path !== '/' && parent(path) === folder,
        )
        return { body: inside.length > 0 ? { objects: inside.sort().map(object) } : {} }
      },
    },
    {
      method: 'GET',
      pattern: at('export'),
      handle: ({ query }) => {
        const path = query.get('path') ?? ''
        const notebook = notebooks.get(path)
        if (!notebook) throw new HttpError(404, 'RESOURCE_DOES_NOT_EXIST', `Path (${path}) doesn't exist.`)
        return { body: { content: notebook.content } }
      },
    },
  ]
}
