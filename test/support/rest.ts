/** Plain REST calls, as the services document them. */
export interface RestAnswer {
  status: number
  headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into whatever came.
  body: any
}

/** @param token undefined: none is sent. */
export function restCaller(base: string, token: string | undefined) {
  return async (method: string, path: string, body?: unknown): Promise<RestAnswer> => {
    const isRaw = typeof body === 'string'
    const response = await fetch(base + path, {
      method,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      body: body === undefined ? null : isRaw ? body : JSON.stringify(body),
    })
    const text = await response.text()
    return {
      status: response.status,
      headers: response.headers,
      body: text === '' ? undefined : JSON.parse(text),
    }
  }
}
