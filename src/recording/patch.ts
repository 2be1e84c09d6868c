/**
 * The changes between two states as small JSON, and back. Slices are immutable: the same object has not
 * changed, and series mostly lose a few items at the front and gain a few at the end.
 *
 *   patch = [0, value]             stands for the whole value
 *         | [1, drop, [item…]]     an array without its first `drop` items, and items added at its end
 *         | [2, {index: patch}]    an array of the same length, some of whose items have changed
 *         | [3]                    undefined
 *         | {key: patch}           an object, some of whose members have changed
 */
export type Patch =
  | readonly [0, Json]
  | readonly [1, number, Json[]]
  | readonly [2, Patches]
  | readonly [3]
  | Patches
/** By key, or by index. */
export type Patches = { readonly [key: string]: Patch }
/** A state as it is kept. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

/** Most items that can leave a series' front at once; beyond that it is written whole. */
const MOST_DROPPED = 120
const DATE = '$date'

type Plain = Record<string, unknown>

/** @returns undefined when nothing has changed. */
export function diff(before: unknown, after: unknown): Patch | undefined {
  if (Object.is(before, after)) return undefined
  if (after === undefined) return [3]
  if (Array.isArray(before) && Array.isArray(after)) return diffArrays(before, after)
  if (isPlain(before) && isPlain(after)) return diffMembers(before, after)
  return [0, toJson(after)]
}

function diffMembers(before: Plain, after: Plain): Patches | undefined {
  const patches: Record<string, Patch> = {}
  let count = 0
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const patch = diff(before[key], after[key])
    if (patch === undefined) continue
    patches[key] = patch
    count++
  }
  return count === 0 ? undefined : patches
}

function diffArrays(before: readonly unknown[], after: readonly unknown[]): Patch | undefined {
  for (let drop = 0; drop <= Math.min(before.length, MOST_DROPPED); drop++) {
    const kept = before.length - drop
    if (kept > after.length || (kept === 0 && before.length > 0)) continue
    if (!isPrefix(before, drop, after)) continue
    if (drop === 0 && kept === after.length) return undefined
    return [1, drop, after.slice(kept).map(toJson)]
  }
  if (before.length === after.length && after.every(isPlain)) {
    const patches: Record<string, Patch> = {}
    for (const [index, item] of after.entries()) {
      const patch = diff(before[index], item)
      if (patch !== undefined) patches[index] = patch
    }
    return Object.keys(patches).length === 0 ? undefined : [2, patches]
  }
  return [0, after.map(toJson)]
}

function isPrefix(before: readonly unknown[], drop: number, after: readonly unknown[]): boolean {
  for (let index = drop; index < before.length; index++)
    if (!Object.is(before[index], after[index - drop])) return false
  return true
}

/** @throws TypeError when the patch does not fit the value. */
export function applyPatch(before: unknown, patch: Patch): unknown {
  if (!Array.isArray(patch)) {
    const members: Plain = { ...(before as Plain | undefined) }
    for (const [key, one] of Object.entries(patch as Patches)) members[key] = applyPatch(members[key], one)
    return members
  }
  const [kind] = patch as readonly [0 | 1 | 2 | 3, ...unknown[]]
  if (kind === 0) return fromJson(patch[1] as Json)
  if (kind === 3) return undefined
  if (!Array.isArray(before)) throw new TypeError('a part of the recording does not fit what was before')
  if (kind === 1) return [...before.slice(patch[1] as number), ...(patch[2] as Json[]).map(fromJson)]
  const items = [...(before as unknown[])]
  for (const [index, one] of Object.entries(patch[1] as Patches))
    items[Number(index)] = applyPatch(items[Number(index)], one)
  return items
}

const isPlain = (value: unknown): value is Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)

function toJson(value: unknown): Json {
  if (value instanceof Date) return { [DATE]: value.getTime() }
  if (Array.isArray(value)) return value.map(toJson)
  if (isPlain(value))
    return Object.fromEntries(
      Object.entries(value)
        .filter(([, member]) => member !== undefined)
        .map(([key, member]) => [key, toJson(member)]),
    )
  return value as Json
}

function fromJson(value: Json): unknown {
  if (Array.isArray(value)) return value.map(fromJson)
  if (typeof value !== 'object' || value === null) return value
  if (typeof value[DATE] === 'number') return new Date(value[DATE])
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, fromJson(member)]))
}
