/**
 * Every operation of the lake, and the one place that decides what a request may carry: an operation's headers and parameters are
 * served or refused, and what starts with `x-ms-` or stands in the query and is not known here is refused in words (decision 011).
 */
import { HttpError } from '../../http/errors.ts'
import { signedNames } from '../auth/sas.ts'
import { invalidHeader } from '../store/invalid-header.ts'
import { ACCOUNT_OPERATIONS } from './account-operations.ts'
import { BLOB_OPERATIONS } from './blob-operations.ts'
import { CONTAINER_OPERATIONS } from './container-operations.ts'
import {
  CONTROL_CHARACTER,
  EVERY_HEADER,
  EVERY_PARAMETER,
  isPageTier,
  isTier,
  NOT_IN_HIERARCHY,
  type Operation,
  reasonFor,
  SELECTORS,
  SIGNATURE_PARAMETERS,
} from './operation.ts'
import { PATH_OPERATIONS } from './path-operations.ts'

/** In matching order: the first match wins. */
export const OPERATIONS = [
  ...ACCOUNT_OPERATIONS,
  ...CONTAINER_OPERATIONS,
  ...PATH_OPERATIONS,
  ...BLOB_OPERATIONS,
] as const

/** Of those that are served. */
export type OperationId = Exclude<(typeof OPERATIONS)[number], { refusal: string }>['id']

/** The parts of a request that identify its operation. */
export interface Asked {
  method: string
  level: Operation['level']
  /** Names in lower case. */
  query: URLSearchParams
  headers: Readonly<Record<string, string | string[] | undefined>>
}

/** @returns undefined when the table does not have it. */
export function operationOf(asked: Asked): Operation | undefined {
  // A container's root is a folder too, with an access list of its own.
  const level = asked.level === 'container' && asked.query.has('action') ? 'path' : asked.level
  return OPERATIONS.find((one: Operation) => one.level === level && fits(one, asked))
}

function fits({ methods, words = {}, by = {} }: Operation, { method, query, headers }: Asked): boolean {
  return (
    methods.includes(method) &&
    SELECTORS.every((name) => !query.has(name) || words[name] !== undefined) &&
    allAre(words, (name) => query.get(name) ?? undefined) &&
    allAre(by, (name) => (headers[name] === undefined ? undefined : String(headers[name])))
  )
}

function allAre(
  wanted: Readonly<Record<string, string>>,
  given: (name: string) => string | undefined,
): boolean {
  return Object.entries(wanted).every(([name, value]) => {
    const found = given(name)?.toLowerCase()
    return found !== undefined && (value === '*' || value === found)
  })
}

/**
 * @throws HttpError for an operation that is refused as a whole, and for the first header or parameter that is.
 * Empty headers are ignored: some clients send them for options that they do not use.
 */
export function refuseUnserved(operation: Operation, { query, headers }: Omit<Asked, 'level'>): void {
  const { id, name, refusal, refusedWith, words } = operation
  if (id === 'putPage') requireWholePages(String(headers['x-ms-range'] ?? headers.range ?? ''))
  if (refusal !== undefined)
    throw refusedAs(refusedWith, `${name} is not supported: ${refusal}.`, words?.comp)
  const isSigned = query.has('sig')
  // What the signature itself asks of the request; its value was checked with it.
  const demanded = new Set(
    isSigned ? signedNames(query.get('srq') ?? '').map((one) => one.toLowerCase()) : [],
  )
  // A word of the service’s own keeps its meaning.
  for (const [parameter, value] of query)
    if (!demanded.has(parameter) || reasonFor(parameter) !== undefined)
      refuseParameter(operation, parameter, value, isSigned)
  for (const [header, value] of Object.entries(headers))
    if (header.startsWith('x-ms-') && value !== undefined && value !== '')
      refuseHeader(operation, header, String(value))
}

const PAGE_BYTES = 512

/** Told before there being no pages, in recordings of live accounts (borink-org/object-tests, azure-hns/upload-pages-unaligned). @throws HttpError 400 */
function requireWholePages(range: string): void {
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(range) ?? []
  if (first === undefined || (Number(first) % PAGE_BYTES === 0 && (Number(last) + 1) % PAGE_BYTES === 0))
    return
  throw invalidHeader('x-ms-range', range, `of pages begins and ends on a boundary of ${PAGE_BYTES} bytes`)
}

/** @param comp the word of the query that is refused, which the service names beside some codes. */
function refusedAs(as = '400 UnsupportedQueryParameter', message: string, comp = ''): HttpError {
  const [status, code = ''] = as.split(' ')
  const details = { QueryParameterName: 'comp', QueryParameterValue: comp }
  return new HttpError(
    Number(status),
    code,
    message,
    code === 'InvalidQueryParameterValue' ? { details } : {},
  )
}

function refuseParameter(operation: Operation, name: string, value: string, isSigned: boolean): void {
  const { parameters = [], words = {}, values = {} } = operation
  const isServed =
    parameters.includes(name) ||
    words[name] !== undefined ||
    EVERY_PARAMETER.includes(name) ||
    (isSigned && SIGNATURE_PARAMETERS.includes(name))
  if (!isServed) throw unserved(operation, name, value)
  // Measured on live accounts (borink-org/object-storage, docs/AZURE-TESTING.md).
  if (CONTROL_CHARACTER.test(value)) throw invalidParameter(name, '', 'It has a control character.')
  // Some clients send an empty one.
  if (name === 'timeout' && !/^\d*$/.test(value))
    throw invalidParameter(name, value, 'Expected is a whole number of seconds.')
  const known = values[name]
  if (known?.length === 0 && value !== '')
    throw new HttpError(400, 'InvalidQueryParameterValue', unsupported(`${name}=`, operation, name))
  for (const one of known === undefined ? [] : value.split(',').map((word) => word.trim().toLowerCase()))
    if (one !== '' && !known?.includes(one))
      throw new HttpError(
        400,
        'InvalidQueryParameterValue',
        `${unsupported(`${name}=${shown(one)}`, operation, one)} It knows ${known?.join(', ')}.`,
      )
}

/** A version that is none has a code of the service's own, in recordings of live accounts (borink-org/object-tests, azure-hns/delete-current-version). */
function unserved(operation: Operation, name: string, value: string): HttpError {
  const message = unsupported(`the parameter ${name}`, operation, name)
  return name === 'versionid'
    ? invalidParameter(name, value, message)
    : new HttpError(400, 'UnsupportedQueryParameter', message)
}

/** In the service's words. @param reason what is wrong with it; the Data Lake's interface has no other place for it than the message. */
export const invalidParameter = (name: string, value: string, reason: string): HttpError =>
  new HttpError(
    400,
    'InvalidQueryParameterValue',
    `Value for one of the query parameters specified in the request URI is invalid: ${name}=${shown(value)}. ${reason}`,
    { details: { QueryParameterName: name, QueryParameterValue: shown(value), Reason: reason } },
  )

function refuseHeader(operation: Operation, name: string, value: string): void {
  if (name === 'x-ms-blob-public-access')
    throw new HttpError(409, 'PublicAccessNotPermitted', 'Public access is not permitted on this account.')
  const known = operation.values?.[name]
  if (isServedHeader(operation, name) && (known === undefined || known.includes(value.toLowerCase()))) return
  if (name === 'x-ms-access-tier' && (!isTier(value) || (operation.id !== 'setTier' && isPageTier(value))))
    throw invalidHeader(name, value, `is none of its tiers: ${shown(value)}`)
  throw refusedAs(
    name === 'x-ms-tags' ? NOT_IN_HIERARCHY : '400 UnsupportedHeader',
    // Values of others may be keys.
    unsupported(`the header ${name}${known === undefined ? '' : `: ${shown(value)}`}`, operation, name),
  )
}

const isServedHeader = ({ headers = [] }: Operation, name: string): boolean =>
  EVERY_HEADER.includes(name) ||
  headers.some((one) => (one.endsWith('*') ? name.startsWith(one.slice(0, -1)) : one === name))

function unsupported(what: string, { name }: Operation, of: string): string {
  const why = reasonFor(of)
  return `The local lake does not support ${what} with ${name}${why === undefined ? '' : `: ${why}`}.`
}

const shown = (value: string): string => (value.length > 50 ? `${value.slice(0, 50)}…` : value)
