/** Which services are broken on purpose at present. Each service asks at the place where the real one would fail. */

/** Names are those of the pipeline's registry of faults (src/pipeline/faults/registry.ts); a test holds the two together. */
export const SERVICE_FAULTS = [
  'hub-away',
  'hub-throttles',
  'slow-lake',
  'job-killed',
  'silver-killed',
  'lake-full',
  'token-expired',
  'stuck-consumer',
] as const
/** Names from the pipeline's list of faults, as far as the services have to do with them. */
export type ServiceFault = (typeof SERVICE_FAULTS)[number]

/** What has to be done, beside asking {@link FaultSwitch.isActive}, when a fault begins and ends. */
export interface FaultDeed {
  begin(): void | Promise<void>
  end(): void | Promise<void>
}

/** What a service only asks about needs no deed; what must be done at once has one. */
export class FaultSwitch {
  readonly #active = new Set<ServiceFault>()
  readonly #deeds = new Map<ServiceFault, FaultDeed>()
  readonly #onChange: () => void
  /** One at a time: a hub that is being closed cannot be opened yet. */
  #turn: Promise<void> = Promise.resolve()

  /** @param onChange called when a service has begun to fail, or to work again. */
  constructor(onChange: () => void = () => {}) {
    this.#onChange = onChange
  }

  /** Asked at each request. */
  isActive(name: ServiceFault): boolean {
    return this.#active.has(name)
  }

  /** @param deed is begun when the fault is injected, and ended when it is mended. */
  on(name: ServiceFault, deed: FaultDeed): void {
    this.#deeds.set(name, deed)
  }

  /** Resolves once it is broken. One that is broken already is left so. @throws RangeError for an unknown name. */
  inject(name: string): Promise<void> {
    return this.#inTurn(async () => {
      const fault = known(name)
      if (this.#active.has(fault)) return
      this.#active.add(fault)
      this.#onChange()
      await this.#deeds.get(fault)?.begin()
    })
  }

  /** Resolves once the service works again. @throws RangeError for an unknown name. */
  mend(name: string): Promise<void> {
    return this.#inTurn(async () => {
      const fault = known(name)
      if (!this.#active.delete(fault)) return
      this.#onChange()
      await this.#deeds.get(fault)?.end()
    })
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(work)
    this.#turn = turn.catch(() => {})
    return turn
  }
}

function known(name: string): ServiceFault {
  const fault = SERVICE_FAULTS.find((one) => one === name)
  if (fault === undefined) throw new RangeError(`There is no fault of the services named ${name}.`)
  return fault
}

/** A process that was ended from outside, in the middle of its work. */
export class KilledError extends Error {
  override readonly name = 'KilledError'
  constructor(what: string) {
    super(`The process of ${what} was killed (exit code 137).`)
  }
}
