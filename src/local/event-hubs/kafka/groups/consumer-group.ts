/**
 * One consumer group: who its members are, and which generation they agree on. Members join, the first of them (the leader)
 * shares out the partitions, and everyone gets a part; whoever joins, leaves or falls silent begins that anew.
 * https://cwiki.apache.org/confluence/display/KAFKA/Kafka+Client-side+Assignment+Proposal
 */
import { ERROR } from '../wire/protocol.ts'

/** A JoinGroup request. Times in milliseconds. */
export interface Join {
  memberId: string
  /** A static member's own name, under which it comes back after a restart (KIP-345). */
  instanceId?: string | undefined
  clientId: string
  sessionTimeoutMs: number
  rebalanceTimeoutMs: number
  protocolType: string
  /** In the member's order of preference. */
  protocols: readonly { name: string; metadata: Buffer }[]
}

/** `error` is a Kafka error code; with one, the rest says nothing. */
export interface JoinAnswer {
  error: number
  generation: number
  protocol: string
  leader: string
  memberId: string
  /** Of all members, for the leader alone. */
  members: readonly { memberId: string; instanceId: string | undefined; metadata: Buffer }[]
}

/** `assignment` is the member's part, as the leader has encoded it; empty with an error. */
export interface SyncAnswer {
  error: number
  assignment: Buffer
}

interface Member extends Join {
  /** Monotonic milliseconds after which it counts as gone. */
  deadline: number
  assignment: Buffer
  join: ((answer: JoinAnswer) => void) | undefined
  sync: ((answer: SyncAnswer) => void) | undefined
}

/** The kind of group and how it shares out, as a member believes them to be; undefined: it does not say. */
export interface Agreed {
  type: string | undefined
  protocol: string | undefined
}

/** As the protocol names them; a group that is not known is `Dead`. */
export type GroupState = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable'

/** How long a new group waits for more members, so that several that start together are shared out once (ms). */
const FIRST_REBALANCE_MS = 250
const MAX_MEMBERS = 100
const NOBODY = Buffer.alloc(0)

/** In memory: after a restart all members join anew. What the group has read is kept elsewhere. */
export class ConsumerGroup {
  readonly #members = new Map<string, Member>()
  readonly #newMemberId: (clientId: string) => string
  readonly #now: () => number
  #state: GroupState = 'Empty'
  #generation = 0
  #protocolType = ''
  #protocol = ''
  #leader = ''
  /** Monotonic milliseconds until which members may rejoin. */
  #rebalanceUntil = 0

  /** @param options.now monotonic milliseconds. */
  constructor(options: { newMemberId: (clientId: string) => string; now: () => number }) {
    this.#newMemberId = options.newMemberId
    this.#now = options.now
  }

  get isEmpty(): boolean {
    return this.#members.size === 0
  }

  /** What the members have agreed on last. */
  get agreed(): Agreed {
    return { type: this.#protocolType, protocol: this.#protocol }
  }

  /** As DescribeGroups wants it. */
  describe() {
    return {
      state: this.#state,
      protocolType: this.#protocolType,
      protocol: this.#state === 'Stable' ? this.#protocol : '',
      members: [...this.#members.values()].map(
        ({ memberId, instanceId, clientId, protocols, assignment }) => ({
          memberId,
          instanceId,
          clientId,
          metadata: protocols.find(({ name }) => name === this.#protocol)?.metadata ?? NOBODY,
          assignment,
        }),
      ),
    }
  }

  /**
   * Resolves when all members have joined, or their time to join is over.
   * @param gone aborted when nobody is there to hear the answer: a member that has not learnt its id can never come back.
   */
  join(request: Join, gone?: AbortSignal): Promise<JoinAnswer> {
    const refuse = (error: number): JoinAnswer => ({
      error,
      generation: -1,
      protocol: '',
      leader: '',
      memberId: request.memberId,
      members: [],
    })
    const known = this.#members.get(request.memberId)
    if (request.memberId !== '' && !known)
      return Promise.resolve(refuse(this.#errorOfStranger(request.instanceId)))
    // A static member that was started again: it says nothing when it stops.
    const before = known ? undefined : this.#byInstance(request.instanceId)
    if (!known && !before && this.#members.size >= MAX_MEMBERS)
      return Promise.resolve(refuse(ERROR.groupMaxSizeReached))
    if (!this.#fits(request, before)) return Promise.resolve(refuse(ERROR.inconsistentGroupProtocol))
    const memberId = known?.memberId ?? this.#newMemberId(request.clientId)
    if (before) this.#replace(before, memberId)
    // A member whose connection was cut asks again: the earlier request gets no answer.
    known?.join?.(refuse(ERROR.unknownMemberId))
    known?.sync?.({ error: ERROR.rebalanceInProgress, assignment: NOBODY })
    return new Promise((resolve) => {
      const join = (answer: JoinAnswer) => {
        gone?.removeEventListener('abort', forget)
        resolve(answer)
      }
      const forget = () => {
        if (this.#members.get(memberId)?.join === join) this.#remove(memberId)
      }
      if (request.memberId === '' && request.instanceId === undefined)
        gone?.addEventListener('abort', forget, { once: true })
      const assignment = (known ?? before)?.assignment ?? NOBODY
      this.#members.set(memberId, {
        ...request,
        memberId,
        assignment,
        deadline: this.#now() + request.sessionTimeoutMs,
        join,
        sync: undefined,
      })
      this.#protocolType = request.protocolType
      if (this.#state !== 'PreparingRebalance') this.#rebalance()
      this.#completeJoin()
    })
  }

  /**
   * Resolves when the leader has shared out.
   * @param assignments from the leader; of others empty.
   * @param expected refused when the group has agreed on something else.
   */
  sync(
    memberId: string,
    generation: number,
    assignments: ReadonlyMap<string, Buffer>,
    instanceId?: string,
    expected?: Agreed,
  ): Promise<SyncAnswer> {
    const error = this.#check(memberId, generation, instanceId)
    const member = this.#members.get(memberId)
    if (error !== ERROR.none || !member) return Promise.resolve({ error, assignment: NOBODY })
    const { type = this.#protocolType, protocol = this.#protocol } = expected ?? {}
    if (type !== this.#protocolType || protocol !== this.#protocol)
      return Promise.resolve({ error: ERROR.inconsistentGroupProtocol, assignment: NOBODY })
    if (this.#state === 'Stable') return Promise.resolve({ error: ERROR.none, assignment: member.assignment })
    if (this.#state !== 'CompletingRebalance')
      return Promise.resolve({ error: ERROR.rebalanceInProgress, assignment: NOBODY })
    return new Promise((resolve) => {
      member.sync = resolve
      if (memberId !== this.#leader) return
      for (const one of this.#members.values()) one.assignment = assignments.get(one.memberId) ?? NOBODY
      this.#state = 'Stable'
      for (const one of this.#members.values()) {
        one.sync?.({ error: ERROR.none, assignment: one.assignment })
        one.sync = undefined
      }
    })
  }

  /** @returns an error code; a rebalance under way is one. */
  heartbeat(memberId: string, generation: number, instanceId?: string): number {
    const error = this.#check(memberId, generation, instanceId)
    if (error !== ERROR.none) return error
    return this.#state === 'PreparingRebalance' ? ERROR.rebalanceInProgress : ERROR.none
  }

  /** @param memberId empty: whoever has that name of a static member. @returns a Kafka error code. */
  leave(memberId: string, instanceId?: string): number {
    const named = this.#byInstance(instanceId)
    if (instanceId !== undefined && !named) return ERROR.unknownMemberId
    if (named && memberId !== '' && memberId !== named.memberId) return ERROR.fencedInstanceId
    const member = named ?? this.#members.get(memberId)
    if (!member) return ERROR.unknownMemberId
    this.#remove(member.memberId)
    return ERROR.none
  }

  /**
   * May this member commit? A commit without membership (generation −1) is always accepted while the group is empty. Between the answer to a
   * join and the leader's sharing out nobody may: a member has read nothing yet in its generation (Kafka's brokers, GroupMetadataManager
   * and its successor).
   */
  mayCommit(memberId: string, generation: number, instanceId?: string): number {
    if (generation < 0 && this.isEmpty) return ERROR.none
    const error = this.#check(memberId, generation, instanceId)
    if (error !== ERROR.none) return error
    return this.#state === 'CompletingRebalance' ? ERROR.rebalanceInProgress : ERROR.none
  }

  /** Removes members that were silent for too long, and ends a rebalance that timed out. */
  sweep(): void {
    const now = this.#now()
    // A member that waits for an answer is alive.
    for (const member of [...this.#members.values()])
      if (!member.join && !member.sync && member.deadline < now) this.#remove(member.memberId)
    if (this.#state === 'PreparingRebalance') this.#completeJoin()
  }

  #byInstance(instanceId: string | undefined): Member | undefined {
    if (instanceId === undefined) return undefined
    return [...this.#members.values()].find((one) => one.instanceId === instanceId)
  }

  /** Of one whose member id is not known: its name may be another's by now. */
  #errorOfStranger(instanceId: string | undefined): number {
    return this.#byInstance(instanceId) ? ERROR.fencedInstanceId : ERROR.unknownMemberId
  }

  #replace(before: Member, memberId: string): void {
    this.#members.delete(before.memberId)
    if (this.#leader === before.memberId) this.#leader = memberId
    answerPending(before, ERROR.fencedInstanceId)
  }

  #fits({ protocolType, protocols, memberId }: Join, before: Member | undefined): boolean {
    const others = [...this.#members.values()].filter((one) => one.memberId !== memberId && one !== before)
    if (protocols.length === 0) return false
    if (others.length === 0) return true
    return (
      protocolType === this.#protocolType &&
      protocols.some(({ name }) => others.every((one) => one.protocols.some((other) => other.name === name)))
    )
  }

  #check(memberId: string, generation: number, instanceId: string | undefined): number {
    const member = this.#members.get(memberId)
    if (!member) return this.#errorOfStranger(instanceId)
    member.deadline = this.#now() + member.sessionTimeoutMs
    return generation === this.#generation ? ERROR.none : ERROR.illegalGeneration
  }

  #rebalance(): void {
    const isNew = this.#state === 'Empty'
    this.#state = 'PreparingRebalance'
    const patience = Math.max(0, ...[...this.#members.values()].map((one) => one.rebalanceTimeoutMs))
    this.#rebalanceUntil = this.#now() + (isNew ? FIRST_REBALANCE_MS : patience)
    this.#isFirst = isNew
    for (const member of this.#members.values()) {
      member.sync?.({ error: ERROR.rebalanceInProgress, assignment: NOBODY })
      member.sync = undefined
    }
  }

  #isFirst = false

  #completeJoin(): void {
    const members = [...this.#members.values()]
    const isOver = this.#now() >= this.#rebalanceUntil
    // The first members of a group wait for others that start with them.
    if (!isOver && (this.#isFirst || !members.every((one) => one.join))) return
    for (const one of members) if (!one.join) this.#members.delete(one.memberId)
    if (this.isEmpty) {
      this.#state = 'Empty'
      return
    }
    this.#generation++
    this.#state = 'CompletingRebalance'
    const all = [...this.#members.values()]
    this.#leader = this.#members.has(this.#leader) ? this.#leader : (all[0] as Member).memberId
    const leader = this.#members.get(this.#leader) as Member
    const isCommon = (name: string) => all.every((one) => one.protocols.some((other) => other.name === name))
    this.#protocol = leader.protocols.find(({ name }) => isCommon(name))?.name ?? ''
    for (const member of all) {
      member.deadline = this.#now() + member.sessionTimeoutMs
      member.join?.({
        error: ERROR.none,
        generation: this.#generation,
        protocol: this.#protocol,
        leader: this.#leader,
        memberId: member.memberId,
        members: member === leader ? all.map((one) => this.#metadataOf(one)) : [],
      })
      member.join = undefined
    }
  }

  #metadataOf({ memberId, instanceId, protocols }: Member) {
    return {
      memberId,
      instanceId,
      metadata: protocols.find(({ name }) => name === this.#protocol)?.metadata ?? NOBODY,
    }
  }

  #remove(memberId: string): void {
    const member = this.#members.get(memberId)
    this.#members.delete(memberId)
    if (member) answerPending(member, ERROR.unknownMemberId)
    if (this.isEmpty) this.#state = 'Empty'
    else {
      if (this.#state !== 'PreparingRebalance') this.#rebalance()
      this.#completeJoin()
    }
  }
}

/** What a member that is gone was waiting for. */
function answerPending({ memberId, join, sync }: Member, error: number): void {
  join?.({ error, generation: -1, protocol: '', leader: '', memberId, members: [] })
  sync?.({ error, assignment: NOBODY })
}
