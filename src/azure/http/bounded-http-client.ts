/** What the SDKs over HTTP send with: by themselves they keep an answer whole, however long it is, and wait for it as long as it takes. */

import {
  createDefaultHttpClient,
  type HttpClient,
  type PipelineRequest,
  type PipelineResponse,
} from '@azure/core-rest-pipeline'
import { grouped } from '../../contract/grouped.ts'
import { ServiceError } from '../../pipeline/ports/errors.ts'
import { wholeBody } from './whole-body.ts'

/** Beyond any of them the request fails with a ServiceError, and the rest of the answer is not fetched. */
export interface AnswerLimits {
  /** Longest answer that is read. */
  bytes: number
  /** Without a single byte (ms). */
  silenceMs: number
  /** From the request to the last byte (ms). */
  wholeMs: number
}

/** Far more than any answer that these calls ask for. */
const LIMITS: AnswerLimits = { bytes: 32_000_000, silenceMs: 30_000, wholeMs: 120_000 }

/** Whatever the status, the body comes as a stream. */
const EVERY_STATUS: ReadonlySet<number> = new Set([Number.POSITIVE_INFINITY])

type Body = NonNullable<PipelineResponse['readableStreamBody']>

/**
 * Answers that the SDK itself wants as a stream (downloads) are passed on; who reads them counts.
 * @param service display name: `Azure Monitor`.
 * @throws ServiceError for an answer that does not come, is longer, comes to a halt, or trickles; the rest of it is not fetched.
 */
export function boundedHttpClient(service: string, limits: AnswerLimits = LIMITS): HttpClient {
  const inner = createDefaultHttpClient()
  return {
    async sendRequest(request) {
      const begun = performance.now()
      const response = await headOf(inner, request, service, limits)
      const body = response.readableStreamBody
      const wanted = request.streamResponseStatusCodes
      if (body === undefined || wanted?.has(response.status) || wanted?.has(Number.POSITIVE_INFINITY))
        return response
      delete response.readableStreamBody
      const left = limits.wholeMs - (performance.now() - begun)
      response.bodyAsText = await textOf(body, senderOf(service, request), service, limits, left)
      return response
    },
  }
}

const senderOf = (service: string, { url }: PipelineRequest) => `${service} at ${new URL(url).host}`

/** The answer with its body as a stream, whatever its status. The request stays as it was. */
async function headOf(
  inner: HttpClient,
  request: PipelineRequest,
  service: string,
  { silenceMs }: AnswerLimits,
): Promise<PipelineResponse> {
  const { streamResponseStatusCodes: wanted, timeout } = request
  request.streamResponseStatusCodes = EVERY_STATUS as Set<number>
  // Counts until the head has come, as the body is a stream.
  request.timeout = timeout > 0 ? Math.min(timeout, silenceMs) : silenceMs
  try {
    return await inner.sendRequest(request)
  } catch (error) {
    // Nobody else aborts.
    if ((error as Error).name !== 'AbortError' || request.abortSignal?.aborted) throw error
    throw new ServiceError(
      'unreachable',
      service,
      `${senderOf(service, request)} does not answer: nothing for ${request.timeout / 1000} s.`,
      { hint: 'Check the network, a proxy, and the address.', cause: error },
    )
  } finally {
    request.timeout = timeout
    if (wanted === undefined) delete request.streamResponseStatusCodes
    else request.streamResponseStatusCodes = wanted
  }
}

async function textOf(
  body: Body,
  sender: string,
  service: string,
  { bytes: most, silenceMs, wholeMs }: AnswerLimits,
  leftMs: number,
): Promise<string> {
  const away = (what: string) => new ServiceError('unreachable', service, `The answer of ${sender} ${what}`)
  try {
    const whole = await wholeBody(body, {
      bytes: most,
      time: {
        silenceMs,
        wholeMs: leftMs,
        halted: () => away(`came to a halt: nothing for ${silenceMs / 1000} s.`),
        tooSlow: () => away(`took longer than ${wholeMs / 1000} s.`),
      },
      tooLong: () =>
        new ServiceError('service', service, `${sender} answered with more than ${grouped(most)} bytes.`, {
          hint: 'Check that the address is that of the service and not of a portal or a proxy.',
        }),
    })
    return whole.toString('utf8')
  } catch (error) {
    if (error instanceof ServiceError || (error as Error).name === 'AbortError') throw error
    throw new ServiceError('unreachable', service, `The answer of ${service} was cut off.`, { cause: error })
  }
}
