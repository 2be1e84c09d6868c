/**
 * The account's CORS rules, https://learn.microsoft.com/rest/api/storageservices/cross-origin-resource-sharing--cors--support-for-the-azure-storage-services
 * Whoever holds the key sets them; without one that fits, pages from elsewhere stay out.
 */
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { HttpError } from '../../http/errors.ts'
import { refuseForeignOrigin } from '../../http/origin.ts'
import { insideOf, invalidXml, listWords, textOf } from './xml.ts'

interface CorsRule {
  /** `*`, or origins; one may have `*.` in place of its first names. */
  origins: string[]
  /** In upper case. */
  methods: string[]
  /** In lower case; `*` at the end stands for any ending. */
  headers: string[]
  exposed: string[]
  /** Seconds. */
  maxAge: string
}

/** Of the service. */
const METHODS = ['DELETE', 'GET', 'HEAD', 'MERGE', 'PATCH', 'POST', 'OPTIONS', 'PUT']
const MAX_RULES = 5

/** @param xml what is inside of the element `Cors`. @throws HttpError 400 */
export function checkCors(xml: string): void {
  const rules = insideOf(xml, 'CorsRule')
  if (rules.length > MAX_RULES) throw invalidXml(`At most ${MAX_RULES} CORS rules are kept.`)
  for (const { origins, methods, maxAge } of rules.map(ruleOf))
    if (origins.length === 0 || methods.length === 0 || !/^\d{1,9}$/.test(maxAge))
      throw invalidXml('A CORS rule has AllowedOrigins, AllowedMethods and MaxAgeInSeconds.')
    else if (!methods.every((one) => METHODS.includes(one)))
      throw new HttpError(400, 'InvalidXmlNodeValue', `AllowedMethods are of ${METHODS.join(', ')}.`)
}

function ruleOf(xml: string): CorsRule {
  const list = (name: string) => listWords(textOf(xml, name) ?? null)
  return {
    origins: list('AllowedOrigins'),
    methods: list('AllowedMethods').map((one) => one.toUpperCase()),
    headers: list('AllowedHeaders'),
    exposed: list('ExposedHeaders'),
    maxAge: textOf(xml, 'MaxAgeInSeconds') ?? '',
  }
}

const fits = (pattern: string, name: string): boolean =>
  pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : pattern === name

const hasOrigin = ({ origins }: CorsRule, origin: string): boolean =>
  origins.some((one) => {
    const [scheme, below] = one.split('*.')
    if (one === '*' || one === origin) return true
    return below !== undefined && origin.startsWith(scheme as string) && origin.endsWith(`.${below}`)
  })

const isOfAll = ({ origins }: CorsRule): boolean => origins.includes('*')

/**
 * Looks at where a request comes from before anything else does, and gives its answer the headers by which a browser lets the page
 * read it.
 * @returns whether the request asked only whether another may come, and has been answered.
 * @throws HttpError 400 and 403
 */
export function answerOrigin(
  request: IncomingMessage,
  response: ServerResponse,
  corsXml: () => string,
): boolean {
  const origin = request.headers.origin?.toLowerCase()
  const isPreflight = request.method === 'OPTIONS'
  if (origin === undefined && !isPreflight) return false
  const rules = insideOf(corsXml(), 'CorsRule').map(ruleOf)
  if (isPreflight || origin === undefined) {
    answerPreflight(request, response, rules)
    return true
  }
  const rule = rules.find((one) => hasOrigin(one, origin) && one.methods.includes(request.method ?? ''))
  // A cache must not give one page's answer to another.
  if (rules.some((one) => !isOfAll(one)) && !(rule && isOfAll(rule))) response.setHeader('vary', 'Origin')
  if (rule) allow(request, response, rule)
  else refuseForeignOrigin(request)
  return false
}

function answerPreflight(
  { headers }: IncomingMessage,
  response: ServerResponse,
  rules: readonly CorsRule[],
): void {
  const origin = headers.origin?.toLowerCase()
  const method = headers['access-control-request-method']
  if (origin === undefined || method === undefined)
    throw new HttpError(400, 'InvalidHeaderValue', 'A required CORS header is not present.')
  const asked = String(headers['access-control-request-headers'] ?? '')
  const rule = rules.find(
    (one) =>
      hasOrigin(one, origin) &&
      one.methods.includes(method) &&
      listWords(asked).every((name) => one.headers.some((pattern) => fits(pattern, name))),
  )
  if (!rule)
    throw new HttpError(
      403,
      'CorsPreflightFailure',
      'CORS not enabled or no matching rule found for this request.',
    )
  response.writeHead(200, {
    ...allowed(headers.origin as string, rule),
    'access-control-allow-methods': method,
    ...(asked !== '' && { 'access-control-allow-headers': asked }),
    'access-control-max-age': rule.maxAge,
    'content-length': 0,
  })
  response.end()
}

const allowed = (origin: string, rule: CorsRule): Record<string, string> =>
  isOfAll(rule)
    ? { 'access-control-allow-origin': '*' }
    : { 'access-control-allow-origin': origin, 'access-control-allow-credentials': 'true' }

/** Which headers of an answer its page may read is known only when they are written. */
function allow(request: IncomingMessage, response: ServerResponse, rule: CorsRule): void {
  for (const [name, value] of Object.entries(allowed(request.headers.origin as string, rule)))
    response.setHeader(name, value)
  const write = response.writeHead.bind(response)
  response.writeHead = (status: number, headers?: unknown) => {
    const names = Object.keys((headers ?? {}) as OutgoingHttpHeaders).map((name) => name.toLowerCase())
    const exposed = names.filter((name) => rule.exposed.some((pattern) => fits(pattern, name)))
    const literal = rule.exposed.filter((name) => !name.endsWith('*') && !exposed.includes(name))
    const all = [...exposed, ...literal].join(',')
    if (all !== '') response.setHeader('access-control-expose-headers', all)
    return write(status, headers as OutgoingHttpHeaders)
  }
}
