/** Finds commands by letters that stand in them in that order, best first. Pure. */
import { FAULTS } from '../../pipeline/faults/registry.ts'
import { KEYMAP, type KeyBinding } from './keymap.ts'
import { LETTERS } from './letters.ts'

const START_OF_WORD = /(?<![\p{L}\p{N}])[\p{L}\p{N}]/gu

/** @returns undefined where a letter is missing; the lower, the better. */
function fuzzyScore(query: string, text: string): number | undefined {
  const wanted = query.toLowerCase().replaceAll(' ', '')
  const within = text.toLowerCase()
  const whole = within.indexOf(query.toLowerCase().trim())
  if (whole >= 0) return whole / 100
  const words = [...within.matchAll(START_OF_WORD)].map(({ index }) => index)
  const wordAt = (at: number) => words.findLastIndex((start) => start <= at)
  // Where the letters up to here may end, and at what cost.
  let ends = new Map<number, number>([[-1, 10]])
  for (const letter of wanted) {
    const next = new Map<number, number>()
    for (let at = within.indexOf(letter); at >= 0; at = within.indexOf(letter, at + 1))
      for (const [before, cost] of ends) {
        // A letter goes on in its word or begins another: those that only happen to stand somewhere are a slip of the finger.
        if (before >= at || (wordAt(before) !== wordAt(at) && !words.includes(at))) continue
        next.set(at, Math.min(next.get(at) ?? Number.POSITIVE_INFINITY, cost + at - before - 1))
      }
    ends = next
  }
  return ends.size === 0 ? undefined : Math.min(...ends.values())
}

/** What the palette lists: a key's action, or a fault, which a letter breaks once `F` has listed them. */
export interface PaletteEntry extends Pick<KeyBinding, 'shown' | 'does' | 'group'> {
  binding: KeyBinding
  /** Name of the fault. */
  fault?: string
}

const ACTIONS: readonly PaletteEntry[] = KEYMAP.map((binding) => {
  const { shown, does, group } = binding
  return { shown, does, group, binding }
})
const FAULT_ENTRIES: readonly PaletteEntry[] = KEYMAP.filter(({ command }) => command === 'faults').flatMap(
  (binding) =>
    FAULTS.map(({ name, title }, index) => ({
      shown: `F ${LETTERS[index]}`,
      does: `break on purpose: ${title}`,
      group: binding.group,
      binding,
      fault: name,
    })),
)

/** Nothing is broken by single letters of its title. */
const hasWords = (query: string, text: string): boolean =>
  query
    .toLowerCase()
    .trim()
    .split(/\s+/)
    .every((word) => text.toLowerCase().includes(word))

/** What cannot act now stands behind what can and has the same word, before what has only its letters. */
const UNABLE = 5

/**
 * Every action and fault that a query finds; for an empty one all actions, in the order of the map.
 * @param isAble whether it can act now.
 */
export function findCommands(
  query: string,
  isAble: (binding: KeyBinding) => boolean,
): readonly PaletteEntry[] {
  if (query.trim() === '') return ACTIONS
  return [...ACTIONS, ...FAULT_ENTRIES]
    .map((entry) => {
      const { binding, does, group, fault } = entry
      const key = fault === undefined && binding.keys.includes(query.trim()) ? -1 : undefined
      const text = `${does} ${fault ?? binding.command} ${group}`
      const isFound = fault === undefined || hasWords(query, text)
      const score = key ?? (isFound ? fuzzyScore(query, text) : undefined)
      return { entry, score: score === undefined || isAble(binding) ? score : score + UNABLE }
    })
    .filter((one): one is { entry: PaletteEntry; score: number } => one.score !== undefined)
    .sort((a, b) => a.score - b.score)
    .map(({ entry }) => entry)
}
