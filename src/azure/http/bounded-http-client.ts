/** What the SDKs of the resource manager and of metrics send with: by themselves they keep an answer whole, however long it is. */
import { createDefaultHttpClient, type HttpClient, type PipelineResponse } from '@azure/core-rest-pipeline'
import { ServiceError } from '../../pipeline/ports/errors.ts'

export interface AnswerLimits {
  /** Longest answer that is read. */
  bytes: number
  /** Without a single byte of an answer that has begun (ms). */
  silenceMs: number
}

/** Far more than any answer that these calls ask for. */
const LIMITS: AnswerLimits = { bytes: 32_000_000, silenceMs: 30_000 }

/** Whatever the status, the body comes as a stream. */
const EVERY_STATUS: ReadonlySet<number> = new Set([Number.POSITIVE_INFINITY])

type Body = NonNullable<PipelineResponse['readableStreamBody']>

/**
 * Answers that the SDK itself wants as a stream (downloads) are passed on; who reads them counts.
 * @param service display name: `Azure Monitor`.
 * @throws ServiceError for an answer that is longer, or comes to a halt; the rest of it is not fetched.
 */
export function boundedHttpClient(service: string, limits: AnswerLimits = LIMITS): HttpClient {
  const inner = createDefaultHttpClient()
  return {
    async sendRequest(request) {
      const wanted = request.streamResponseStatusCodes
      request.streamResponseStatusCodes = EVERY_STATUS as Set<number>
      let response: PipelineResponse
      try {
        response = await inner.sendRequest(request)
      } finally {
        if (wanted === undefined) delete request.streamResponseStatusCodes
        else request.streamResponseStatusCodes = wanted
      }
      const body = response.readableStreamBody
      if (body === undefined || wanted?.has(response.status) || wanted?.has(Number.POSITIVE_INFINITY))
        return response
      delete response.readableStreamBody
      response.bodyAsText = await textOf(body, `${service} at ${new URL(request.url).host}`, service, limits)
      return response
    },
  }
}

async function textOf(body: Body, sender: string, service: string, limits: AnswerLimits): Promise<string> {
  const stream = body as NodeJS.ReadableStream & { destroy(error: Error): void }
  const halted = () =>
    stream.destroy(
      new ServiceError(
        'unreachable',
        service,
        `The answer of ${sender} came to a halt: nothing for ${limits.silenceMs / 1000} s.`,
      ),
    )
  let timer = setTimeout(halted, limits.silenceMs)
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of stream) {
      clearTimeout(timer)
      timer = setTimeout(halted, limits.silenceMs)
      bytes += chunk.length
      if (bytes > limits.bytes)
        throw new ServiceError(
          'service',
          service,
          `${sender} answered with more than ${limits.bytes.toLocaleString('en-US')} bytes.`,
          { hint: 'Check that the address is that of the service and not of a portal or a proxy.' },
        )
      chunks.push(chunk as Buffer)
    }
  } catch (error) {
    if (error instanceof ServiceError || (error as Error).name === 'AbortError') throw error
    throw new ServiceError('unreachable', service, `The answer of ${service} was cut off.`, { cause: error })
  } finally {
    clearTimeout(timer)
  }
  return Buffer.concat(chunks).toString('utf8')
}
