/** The parameters of a GET, wherever a client puts them. */
import type { IncomingMessage } from 'node:http'
import { readJson } from '../http/body.ts'
import type { Call } from '../http/router.ts'

/**
 * Airflow's operators that wait in the background, and others, send the parameters of a GET as its JSON body; the service takes
 * them like those of the address, which come first here.
 * @throws HttpError 400 for a body that is no JSON object.
 */
export async function withBodyParameters(call: Call): Promise<Call> {
  if (call.request.method !== 'GET' || !hasBody(call.request)) return call
  const query = new URLSearchParams(call.query)
  for (const [name, value] of Object.entries(await readJson(call.request)))
    if (!query.has(name.toLowerCase()) && value !== null && typeof value !== 'object')
      query.set(name.toLowerCase(), String(value))
  return { ...call, query }
}

const hasBody = ({ headers }: IncomingMessage) =>
  Number(headers['content-length'] ?? 0) > 0 || headers['transfer-encoding'] !== undefined
