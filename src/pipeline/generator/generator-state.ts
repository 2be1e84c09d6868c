/** What the generator must remember: which number each station has reached, as far as the hub has acknowledged it. */

/** As it is saved, and found at the next start. */
export interface GeneratorState {
  /** Id of the data folder, made once: part of every eventId. */
  run: string
  /** True after an orderly stop: the hub has taken nothing that `numbers` does not count. */
  clean: boolean
  /** Events acknowledged over the folder's life. */
  acknowledged: number
  /** Sequence number per partition up to which `numbers` is complete: after a crash, later events must be read back. */
  positions: Readonly<Record<string, number>>
  /** Next number per station. */
  numbers: Float64Array
}

/** Where the state is kept. */
export interface GeneratorStorage {
  /** Undefined: nothing was ever saved. @throws Error if what is there cannot be read; its message is for a person. */
  load(): Promise<GeneratorState | undefined>
  /** Replaces the state at once and as a whole; on disk when it resolves. Never called twice at a time. */
  save(state: GeneratorState): Promise<void>
}
