/** Objects in the workspace, and how an import turns content into them. */
import { invalid } from './errors.ts'

/** What stands at one path. */
export type WorkspaceObject = { kind: 'DIRECTORY' } | Notebook | WorkspaceFile

interface Imported {
  /** base64 */
  content: string
  /** When it was imported first, and last (epoch ms); undefined in states of earlier versions. */
  createdAt?: number
  modifiedAt?: number
}

/** Whatever is no notebook. */
export interface WorkspaceFile extends Imported {
  kind: 'FILE'
}

/** As it was imported; it is never run. */
export interface Notebook extends Imported {
  kind: 'NOTEBOOK'
  language: string
  /** Undefined: source. */
  format?: 'JUPYTER'
}

/** Of `workspace/import`; not yet checked. */
export interface ImportRequest {
  path: string
  /** base64 */
  content: string
  format: string
  language: string | undefined
}

const LANGUAGES: Readonly<Record<string, string>> = { PYTHON: 'py', SQL: 'sql', SCALA: 'scala', R: 'r' }
const FORMATS = ['SOURCE', 'AUTO', 'JUPYTER', 'RAW']

/** The first line of a notebook's source, after the language's sign of a comment. */
const HEADER = /^\uFEFF?(?:#|--|\/\/) Databricks notebook source/
const COMMENTS: Readonly<Record<string, string>> = { PYTHON: '#', SQL: '--', SCALA: '//', R: '#' }

/** @returns the object and its path. @throws HttpError 400 */
export function imported(request: ImportRequest): { path: string; object: Notebook | WorkspaceFile } {
  const { path, content, format, language } = request
  if (!FORMATS.includes(format)) throw invalid(`format must be one of ${FORMATS.join(', ')}.`)
  if (language !== undefined && !Object.hasOwn(LANGUAGES, language))
    throw invalid(`language must be one of ${Object.keys(LANGUAGES).join(', ')}.`)
  if (format === 'RAW') return { path, object: { kind: 'FILE', content } }
  if (format === 'AUTO') return analysed(path, content)
  if (format === 'JUPYTER')
    return { path, object: { kind: 'NOTEBOOK', language: language ?? 'PYTHON', format, content } }
  if (language === undefined) throw invalid('The format SOURCE needs a language.')
  return { path, object: { kind: 'NOTEBOOK', language, content } }
}

/** By extension and header: a notebook loses its extension, all else is a file. */
function analysed(path: string, content: string): { path: string; object: Notebook | WorkspaceFile } {
  const [, stem = path, extension = ''] = /^(.*[^/])\.([a-z]+)$/i.exec(path) ?? []
  if (extension.toLowerCase() === 'ipynb')
    return { path: stem, object: { kind: 'NOTEBOOK', language: 'PYTHON', format: 'JUPYTER', content } }
  const language = Object.keys(LANGUAGES).find((one) => LANGUAGES[one] === extension.toLowerCase())
  const head = Buffer.from(content.slice(0, 100), 'base64').toString()
  return language !== undefined && HEADER.test(head)
    ? { path: stem, object: { kind: 'NOTEBOOK', language, content } }
    : { path, object: { kind: 'FILE', content } }
}

/** Nothing is converted here: an object goes out in the format in which it came, source with its first line. @throws HttpError 400 */
export function exported(path: string, object: WorkspaceObject, format: string) {
  if (object.kind === 'DIRECTORY') throw invalid(`Path (${path}) is a folder.`)
  if (object.kind === 'FILE') return { content: object.content, file_type: path.split('.').at(-1) ?? '' }
  const own = object.format ?? 'SOURCE'
  if (format !== own && format !== 'AUTO')
    throw invalid(`Path (${path}) stands here as ${own}, and is not converted: export it as that.`)
  return own === 'SOURCE'
    ? { content: withHeader(object), file_type: LANGUAGES[object.language] }
    : { content: object.content, file_type: 'ipynb' }
}

/** Whatever was uploaded as a notebook's source comes back as one. */
function withHeader({ content, language }: Notebook): string {
  if (HEADER.test(Buffer.from(content.slice(0, 100), 'base64').toString())) return content
  const header = `${COMMENTS[language]} Databricks notebook source\n`
  return Buffer.concat([Buffer.from(header), Buffer.from(content, 'base64')]).toString('base64')
}
