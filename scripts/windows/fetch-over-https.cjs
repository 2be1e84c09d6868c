// Preloaded under Wine, whose sockets refuse how Node's own fetch connects: the few parts of fetch that the program uses, over node:https.
const http = require('node:http')
const https = require('node:https')
const { Readable } = require('node:stream')

globalThis.fetch = (input, { method = 'GET', headers = {}, body, signal } = {}) =>
  new Promise((resolve, reject) => {
    const url = new URL(input instanceof Request ? input.url : input)
    const { request } = url.protocol === 'https:' ? https : http
    const sent = request(
      url,
      { method, headers: Object.fromEntries(new Headers(headers)), signal },
      (answer) => {
        const { statusCode: status = 0, statusMessage: statusText = '' } = answer
        const isEmpty = status === 204 || status === 304 || method === 'HEAD'
        const response = new Response(isEmpty ? null : Readable.toWeb(answer), { status, statusText })
        for (const [name, value] of Object.entries(answer.headers))
          for (const one of [value].flat()) response.headers.append(name, one)
        resolve(response)
      },
    )
    sent.on('error', reject)
    sent.end(body ?? undefined)
  })
