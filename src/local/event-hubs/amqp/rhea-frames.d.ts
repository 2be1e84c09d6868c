/** Part of the protocol library that its typings leave out: makes the frames' performatives, by name. */
declare module 'rhea/lib/frames.js' {
  const frames: Record<string, (fields?: object) => { value: unknown[] }>
  export default frames
}

/** Likewise: makes AMQP values. */
declare module 'rhea/lib/types.js' {
  const types: Record<string, unknown>
  export default types
}
