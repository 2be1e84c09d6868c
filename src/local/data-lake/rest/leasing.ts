/** Lease operations, of blobs, containers and paths; and leases that are taken and given back with another request. */
import { statSync } from 'node:fs'
import { HttpError } from '../../http/errors.ts'
import { checkConditions } from '../store/entry.ts'
import { leaseHeaders } from '../store/leases.ts'
import { answer, found, type Handlers, type Lake, writtenHeaders } from './lake.ts'
import { given, type LakeCall } from './lake-call.ts'

export function leaseOperations(lake: Lake): Pick<Handlers, 'leaseBlob' | 'leasePath' | 'leaseContainer'> {
  const ofPath = (call: LakeCall) => lease(lake, call)
  return { leaseBlob: ofPath, leasePath: ofPath, leaseContainer: ofPath }
}

function lease(lake: Lake, call: LakeCall): void {
  const { folder } = lake
  const stats = call.path === '' ? statSync(folder.resolve(call.container, '')) : found(lake, call)
  checkConditions(call.request, stats, { isRead: false })
  const [status, headers] = leaseAnswer(lake, call)
  answer(call, status, { ...writtenHeaders(stats), ...headers })
}

function leaseAnswer(lake: Lake, call: LakeCall): [status: number, headers: Record<string, string>] {
  const { leases } = lake
  switch (given(call, 'x-ms-lease-action')?.toLowerCase()) {
    case 'acquire':
      return [201, { 'x-ms-lease-id': acquire(lake, call) }]
    case 'renew':
      return [200, { 'x-ms-lease-id': leases.renew(call, needed(call, 'x-ms-lease-id')) }]
    case 'change': {
      const [id, proposed] = [needed(call, 'x-ms-lease-id'), needed(call, 'x-ms-proposed-lease-id')]
      return [200, { 'x-ms-lease-id': leases.change(call, id, proposed) }]
    }
    case 'release':
      leases.release(call, needed(call, 'x-ms-lease-id'))
      return [200, {}]
    case 'break':
      return [
        202,
        { 'x-ms-lease-time': String(leases.break(call, seconds(call, 'x-ms-lease-break-period'))) },
      ]
    default:
      throw new HttpError(
        400,
        'InvalidHeaderValue',
        'x-ms-lease-action is acquire, renew, change, release or break.',
      )
  }
}

function acquire({ leases }: Lake, call: LakeCall): string {
  const duration = seconds(call, 'x-ms-lease-duration')
  if (duration === undefined) throw missing('x-ms-lease-duration')
  return leases.acquire(call, duration, given(call, 'x-ms-proposed-lease-id'))
}

/** Path - Create may take a lease of what it makes. @returns what its answer says of that. */
export function leaseNew(lake: Lake, call: LakeCall): Record<string, string> {
  if (given(call, 'x-ms-proposed-lease-id') === undefined && given(call, 'x-ms-lease-duration') === undefined)
    return {}
  acquire(lake, call)
  return leaseHeaders(lake.leases.status(call))
}

/**
 * Path - Update with a lease action: takes or renews a lease before the request acts, and gives it back afterwards.
 * @returns what the request is to be done with, and what is left to do. @throws HttpError 400, 409
 */
export function leaseAround(
  lake: Lake,
  call: LakeCall,
  options: { isFlush: boolean },
): { call: LakeCall; after(): Record<string, string> } {
  const action = given(call, 'x-ms-lease-action')?.toLowerCase()
  const id = given(call, 'x-ms-lease-id')
  const told = () => leaseHeaders(lake.leases.status(call))
  switch (action) {
    case undefined:
      return { call, after: () => ({}) }
    case 'auto-renew':
      lake.leases.renew(call, needed(call, 'x-ms-lease-id'))
      return { call, after: () => ({ ...told(), 'x-ms-lease-renewed': 'true' }) }
    case 'acquire':
      return { call: withLease(call, acquire(lake, call)), after: told }
    case 'release':
    case 'acquire-release': {
      if (!options.isFlush)
        throw new HttpError(400, 'InvalidHeaderValue', `x-ms-lease-action ${action} needs a flush.`)
      const own = action === 'release' ? (id ?? needed(call, 'x-ms-lease-id')) : acquire(lake, call)
      return {
        call: withLease(call, own),
        after: () => {
          lake.leases.release(call, own)
          return told()
        },
      }
    }
    default:
      throw new HttpError(
        400,
        'InvalidHeaderValue',
        'x-ms-lease-action is acquire, auto-renew, release or acquire-release.',
      )
  }
}

function withLease(call: LakeCall, id: string): LakeCall {
  call.request.headers['x-ms-lease-id'] = id
  return call
}

function needed(call: LakeCall, name: string): string {
  const value = given(call, name)
  if (value === undefined) throw missing(name)
  return value
}

function seconds(call: LakeCall, name: string): number | undefined {
  const value = given(call, name)
  if (value === undefined) return undefined
  if (!/^-?\d{1,9}$/.test(value))
    throw new HttpError(400, 'InvalidHeaderValue', `${name} is a number of seconds.`)
  return Number(value)
}

const missing = (name: string) =>
  new HttpError(
    400,
    'MissingRequiredHeader',
    `An HTTP header that’s mandatory for this request is not specified: ${name}.`,
  )
