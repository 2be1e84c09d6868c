import { expect, it } from 'vitest'
import { hubError } from '../../../src/azure/errors/event-hubs-error.ts'
import { isNetworkCode, kindOfStatus } from '../../../src/azure/errors/kinds.ts'
import { sdkError } from '../../../src/azure/errors/sdk-error.ts'

const NETWORK = [
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
]

it.each(NETWORK)('%s is a peer that cannot be reached, whoever met it', (code) => {
  expect(isNetworkCode(code)).toBe(true)
  const error = Object.assign(new Error('no'), { code })
  expect([sdkError('the data lake', error).kind, hubError(error).kind]).toEqual([
    'unreachable',
    'unreachable',
  ])
})

it.each([
  [401, 'authorization'],
  [403, 'authorization'],
  [404, 'not-found'],
  [409, 'conflict'],
  [412, 'conflict'],
  [429, 'throttled'],
  [503, 'throttled'],
  [400, undefined],
  [500, undefined],
  [undefined, undefined],
] as const)('status %s means %s', (status, kind) => {
  expect(kindOfStatus(status)).toBe(kind)
  expect(sdkError('x', Object.assign(new Error('no'), { statusCode: status })).kind).toBe(kind ?? 'service')
})
