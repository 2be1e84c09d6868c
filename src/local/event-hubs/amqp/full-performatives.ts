/**
 * The protocol library leaves trailing empty fields out of its frames, as AMQP allows. The service writes them all, and the
 * Python SDK reads them by their place without looking how many there are. So frames are filled up with nulls here.
 */
import { frames, types } from './library.ts'

/** Fields of each performative, OASIS AMQP 1.0 part 2. */
const FIELDS: Readonly<Record<string, number>> = {
  open: 10,
  begin: 8,
  attach: 14,
  flow: 11,
  transfer: 11,
  disposition: 6,
  detach: 3,
  end: 1,
  close: 1,
}

/** Fields whose default the Python SDK does not know. */
const DEFAULTS: Readonly<Record<string, object>> = { begin: { handle_max: 255 } }

let isDone = false

/** Changes the library for the whole process; to do so twice does nothing. */
export function writeFullPerformatives(): void {
  if (isDone) return
  isDone = true
  const wrapError = types.wrap_error as (fields: object) => unknown
  types.wrap_error = (fields: object) =>
    wrapError({ condition: '', description: null, info: null, ...fields })
  for (const [name, count] of Object.entries(FIELDS)) {
    const create = frames[name]
    if (!create) throw new Error(`rhea has no frame ${name}`)
    frames[name] = (fields) => {
      const frame = create({ ...DEFAULTS[name], ...fields })
      for (let index = 0; index < count; index++) frame.value[index] ??= null
      return frame
    }
  }
}
