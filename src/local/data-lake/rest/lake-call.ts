import type { IncomingMessage, ServerResponse } from 'node:http'
import type { SasTarget } from '../auth/sas.ts'

/** One request to a container or to a path in it. */
export interface LakeCall {
  request: IncomingMessage
  response: ServerResponse
  account: string
  container: string
  /** Relative to the container, without slashes at its ends; '' is the container. */
  path: string
  query: URLSearchParams
  headers: Record<string, string>
  /** Of what is copied or renamed: may whoever came in by a SAS have it? @throws HttpError 403 */
  checkSource(source: SasTarget, anyOf: string): void
}
