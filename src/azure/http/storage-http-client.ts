/** A client for the storage SDKs, whose requests and answers still have the form of Azure's former HTTP library. */
import { toHttpHeadersLike } from '@azure/core-http-compat'
import {
  createHttpHeaders,
  createPipelineRequest,
  type HttpClient,
  type PipelineRequestOptions,
} from '@azure/core-rest-pipeline'
import type { IHttpClient, WebResource } from '@azure/storage-file-datalake'

/** @param client what really sends. */
export function storageHttpClient(client: HttpClient): IHttpClient {
  return {
    async sendRequest(resource) {
      const { headers, ...response } = await client.sendRequest(createPipelineRequest(optionsOf(resource)))
      // The SDK knows by the request that it gave what it has asked for.
      return { ...response, headers: toHttpHeadersLike(headers), request: resource }
    },
  }
}

/** What is left out stays undefined, which the types of the present library do not foresee. */
const optionsOf = (resource: WebResource) =>
  ({
    url: resource.url,
    method: resource.method,
    headers: createHttpHeaders(resource.headers.toJson({ preserveCase: true })),
    body: resource.body,
    abortSignal: resource.abortSignal,
    timeout: resource.timeout,
    requestId: resource.requestId,
    withCredentials: resource.withCredentials,
    proxySettings: resource.proxySettings,
    agent: resource.agent,
    streamResponseStatusCodes: resource.streamResponseStatusCodes,
    // As the SDK does: the address says whether the connection is encrypted.
    allowInsecureConnection: true,
  }) as PipelineRequestOptions
