/** Lease operations, of blobs, containers and paths; and leases that are taken and given back with another request. */
import { statSync } from 'node:fs'
import { HttpError } from '../../http/errors.ts'
import { checkConditions } from '../store/entry.ts'
import { invalidHeader } from '../store/invalid-header.ts'
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
      throw invalidHeader(
        'x-ms-lease-action',
        given(call, 'x-ms-lease-action') ?? '',
        'is acquire, renew, change, release or break',
      )
  }
}

function acquire({ leases }: Lake, call: LakeCall): string {
  return leases.acquire(call, durationIn(call), given(call, 'x-ms-proposed-lease-id'))
}

function durationIn(call: LakeCall): number {
  const duration = seconds(call, 'x-ms-lease-duration')
  if (duration === undefined) throw missing('x-ms-lease-duration')
  return duration
}

/**
 * Path - Create may take a lease of what it makes: read before anything is made, since a lease that cannot be must not cost what stood
 * there. The answer says nothing of it, as recorded ones. @returns what takes it, once the path is made. @throws HttpError 400
 */
export function leaseOfNew(lake: Lake, call: LakeCall): () => void {
  const proposed = given(call, 'x-ms-proposed-lease-id')
  if (proposed === undefined && given(call, 'x-ms-lease-duration') === undefined) return () => {}
  const duration = durationIn(call)
  const id = lake.leases.idFor(duration, proposed)
  return () => void lake.leases.acquire(call, duration, id)
}

/**
 * Path - Update with a lease action: takes or renews a lease before the request acts, and gives it back afterwards. One that was
 * taken for an act that fails is given back at once.
 * @param act what the request does, in one turn, with the lease; it returns headers. @throws HttpError 400, 409
 */
export function leaseAround(
  lake: Lake,
  call: LakeCall,
  { isFlush }: { isFlush: boolean },
  act: (leased: LakeCall) => Record<string, string>,
): Record<string, string> {
  const action = given(call, 'x-ms-lease-action')?.toLowerCase()
  if (action === undefined) return act(call)
  const isReleasing = action === 'release' || action === 'acquire-release'
  if (isReleasing && !isFlush) throw invalidHeader('x-ms-lease-action', action, `${action} needs a flush`)
  const isTaking = action === 'acquire' || action === 'acquire-release'
  if (!isTaking && !isReleasing && action !== 'auto-renew')
    throw invalidHeader('x-ms-lease-action', action, 'is acquire, auto-renew, release or acquire-release')
  const id = isTaking ? acquire(lake, call) : needed(call, 'x-ms-lease-id')
  if (action === 'auto-renew') lake.leases.renew(call, id)
  let done: Record<string, string>
  try {
    done = act(isTaking ? withLease(call, id) : call)
  } catch (error) {
    if (isTaking) lake.leases.release(call, id)
    throw error
  }
  if (isReleasing) lake.leases.release(call, id)
  return {
    ...done,
    ...(action === 'auto-renew' && { 'x-ms-lease-renewed': 'true' }),
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
  if (!/^-?\d{1,9}$/.test(value)) throw invalidHeader(name, value, 'is a number of seconds')
  return Number(value)
}

const missing = (name: string) =>
  new HttpError(
    400,
    'MissingRequiredHeader',
    `An HTTP header that’s mandatory for this request is not specified: ${name}.`,
  )
