/**
 * Leases of blobs, paths and containers, https://learn.microsoft.com/rest/api/storageservices/lease-blob. They are kept in memory:
 * whoever held one when the lake was stopped asks for it again.
 */
import { HttpError } from '../../http/errors.ts'
import { type Clock, monotonicOf } from '../../runtime/clock.ts'
import { invalidHeader } from './invalid-header.ts'

/** A path, or a container as a whole. */
export interface LeaseTarget {
  container: string
  /** '' is the container. */
  path: string
}

/** As `x-ms-lease-state` says it. */
export type LeaseState = 'available' | 'leased' | 'expired' | 'breaking' | 'broken'

/** The names that answers and listings use. */
export interface LeaseStatus {
  state: LeaseState
  status: 'locked' | 'unlocked'
  duration?: 'infinite' | 'fixed'
}

interface Lease {
  id: string
  /** Seconds; -1 never ends. */
  duration: number
  /** By the monotonic clock, which nobody sets; Infinity never. */
  endsAt: number
  /** The same clock's time at which a lease that is being broken ends. */
  brokenAt?: number
}

/** Over all containers; ended ones are dropped first. */
const MAX_LEASES = 10_000
const PROPOSED = 'x-ms-proposed-lease-id'
const GUID = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i

/** One for each target at most. Expired ones are told as such until something takes their place. */
export class Leases {
  readonly #clock: Clock
  readonly #leases = new Map<string, Lease>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** As the answers about the target say it; what was never leased is `available`. */
  status(target: LeaseTarget): LeaseStatus {
    const lease = this.#leases.get(keyOf(target))
    const state = this.#stateOf(lease)
    return {
      state,
      status: state === 'leased' || state === 'breaking' ? 'locked' : 'unlocked',
      ...(state === 'leased' && { duration: lease?.duration === -1 ? 'infinite' : 'fixed' }),
    }
  }

  /** @returns the id that such a lease would have; nothing is leased yet. @throws HttpError 400 for another duration or form of id. */
  idFor(duration: number, proposed: string | undefined): string {
    if (duration !== -1 && !(duration >= 15 && duration <= 60))
      throw invalidHeader('x-ms-lease-duration', String(duration), 'is 15 to 60 seconds, or -1')
    return guidOf(proposed ?? crypto.randomUUID(), PROPOSED)
  }

  /**
   * @param duration seconds, or -1. @param proposed id that the client wants; default a new one.
   * @returns the lease's id. @throws HttpError 400 for another duration, 409 when somebody else has it.
   */
  acquire(target: LeaseTarget, duration: number, proposed: string | undefined): string {
    const id = this.idFor(duration, proposed)
    const before = this.#leases.get(keyOf(target))
    const state = this.#stateOf(before)
    if (state === 'breaking' && before?.id === id)
      throw conflict(
        'LeaseIsBreakingAndCannotBeAcquired',
        'The lease ID matched, but the lease is currently in breaking state and cannot be acquired until it is broken.',
      )
    if (state === 'breaking' || (state === 'leased' && before?.id !== id))
      throw conflict('LeaseAlreadyPresent', 'There is already a lease present.')
    this.#keep(target, { id, duration, endsAt: this.#end(duration) })
    return id
  }

  /** @throws HttpError 409 when the lease is another, or was broken. */
  renew(target: LeaseTarget, id: string): string {
    const lease = this.#own(target, id)
    if (lease.brokenAt !== undefined)
      throw conflict(
        'LeaseIsBrokenAndCannotBeRenewed',
        'The lease ID matched, but the lease has been broken explicitly and cannot be renewed.',
      )
    lease.endsAt = this.#end(lease.duration)
    return lease.id
  }

  /** @throws HttpError 409 */
  change(target: LeaseTarget, id: string, proposed: string): string {
    const lease = this.#leases.get(keyOf(target))
    const state = this.#stateOf(lease)
    if (lease === undefined || state === 'available' || state === 'expired' || state === 'broken')
      throw conflict('LeaseNotPresentWithLeaseOperation', 'There is currently no lease on the resource.')
    if (state === 'breaking')
      throw conflict(
        'LeaseIsBreakingAndCannotBeChanged',
        'The lease ID matched, but the lease is currently in breaking state and cannot be changed.',
      )
    const wanted = guidOf(proposed, PROPOSED)
    if (lease.id !== guidOf(id) && lease.id !== wanted) throw mismatch()
    lease.id = wanted
    return wanted
  }

  /** @throws HttpError 409 */
  release(target: LeaseTarget, id: string): void {
    this.#own(target, id)
    this.#leases.delete(keyOf(target))
  }

  /**
   * @param period seconds that the holder still has, at most; default: what is left of it, and of an endless one nothing.
   * @returns seconds until it is broken. @throws HttpError 409 without a lease.
   */
  break(target: LeaseTarget, period: number | undefined): number {
    if (period !== undefined && !(period >= 0 && period <= 60))
      throw invalidHeader('x-ms-lease-break-period', String(period), 'is 0 to 60 seconds')
    const lease = this.#leases.get(keyOf(target))
    const state = this.#stateOf(lease)
    if (lease === undefined || state === 'available')
      throw conflict('LeaseNotPresentWithLeaseOperation', 'There is currently no lease on the resource.')
    const now = monotonicOf(this.#clock)
    const left =
      state === 'broken' || state === 'expired' ? 0 : Math.max(0, (lease.brokenAt ?? lease.endsAt) - now)
    const wanted = period === undefined ? (left === Infinity ? 0 : left) : Math.min(left, period * 1000)
    lease.brokenAt = now + wanted
    return Math.ceil(wanted / 1000)
  }

  /**
   * May a request with this lease id go on?
   * @param options.isWrite it changes what is leased, so a lease must be shown when there is one.
   * @throws HttpError 412
   */
  check(target: LeaseTarget, id: string | undefined, { isWrite }: { isWrite: boolean }): void {
    const lease = this.#leases.get(keyOf(target))
    const { status } = this.status(target)
    const what = target.path === '' ? 'Container' : 'Blob'
    if (id === undefined) {
      if (isWrite && status === 'locked')
        throw failed(
          'LeaseIdMissing',
          'There is currently a lease on the resource and no lease ID was specified in the request.',
        )
      return
    }
    const isOwn = lease?.id === guidOf(id)
    if (status === 'locked' && isOwn) return
    if (status === 'locked')
      throw failed(
        `LeaseIdMismatchWith${what}Operation`,
        'The lease ID specified did not match the lease ID for the resource.',
      )
    if (isOwn)
      throw failed('LeaseLost', 'A lease ID was specified, but the lease for the resource has expired.')
    throw failed(`LeaseNotPresentWith${what}Operation`, 'There is currently no lease on the resource.')
  }

  /** A write to a blob makes a lease that has ended one that is gone: nobody can renew it over what was written. */
  wrote(target: LeaseTarget): void {
    if (['expired', 'broken'].includes(this.status(target).state)) this.forget(target)
  }

  /** Drops the lease of a deleted file or container. */
  forget(target: LeaseTarget): void {
    this.#leases.delete(keyOf(target))
  }

  /** Those of everything below a folder, or in a container. */
  forgetBelow({ container, path }: LeaseTarget): void {
    const below = path === '' ? `${container}/` : `${container}/${path}/`
    for (const key of [...this.#leases.keys()]) if (key.startsWith(below)) this.#leases.delete(key)
  }

  #keep(target: LeaseTarget, lease: Lease): void {
    const key = keyOf(target)
    if (!this.#leases.has(key) && this.#leases.size >= MAX_LEASES) this.#makeRoom()
    this.#leases.set(key, lease)
  }

  #makeRoom(): void {
    const ended = [...this.#leases].find(([, one]) => ['expired', 'broken'].includes(this.#stateOf(one)))
    if (!ended)
      throw new HttpError(
        503,
        'ServerBusy',
        `The local lake keeps at most ${MAX_LEASES} leases: release some.`,
      )
    this.#leases.delete(ended[0])
  }

  #own(target: LeaseTarget, id: string): Lease {
    const [lease, wanted] = [this.#leases.get(keyOf(target)), guidOf(id)]
    if (lease?.id !== wanted) throw mismatch()
    return lease
  }

  #stateOf(lease: Lease | undefined): LeaseState {
    if (lease === undefined) return 'available'
    const now = monotonicOf(this.#clock)
    if (lease.brokenAt !== undefined) return lease.brokenAt > now ? 'breaking' : 'broken'
    return lease.endsAt > now ? 'leased' : 'expired'
  }

  #end(duration: number): number {
    return duration === -1 ? Infinity : monotonicOf(this.#clock) + duration * 1000
  }
}

const keyOf = ({ container, path }: LeaseTarget) => `${container}/${path}`

function guidOf(text: string, header = 'x-ms-lease-id'): string {
  const bare = text.trim().replace(/^[{(](.*)[})]$/, '$1')
  const dashed = /^[0-9a-f]{32}$/i.test(bare)
    ? bare.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
    : bare
  if (!GUID.test(dashed)) throw invalidHeader(header, text, 'is a GUID')
  return dashed.toLowerCase()
}

const conflict = (code: string, message: string) => new HttpError(409, code, message)
const failed = (code: string, message: string) => new HttpError(412, code, message)
const mismatch = () =>
  conflict(
    'LeaseIdMismatchWithLeaseOperation',
    'The lease ID specified did not match the lease ID for the resource.',
  )
/** As answer headers. */
export const leaseHeaders = ({ state, status, duration }: LeaseStatus): Record<string, string> => ({
  'x-ms-lease-state': state,
  'x-ms-lease-status': status,
  ...(duration && { 'x-ms-lease-duration': duration }),
})
