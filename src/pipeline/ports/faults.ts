/** What the pipeline asks of services that can be broken on purpose: those of the local target. */
export interface FaultInjector {
  /** Resolves once the service is broken; one that is broken already is left so. */
  inject(name: string): Promise<void>
  /** Resolves once it works again. */
  mend(name: string): Promise<void>
}
