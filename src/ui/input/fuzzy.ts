/** Finds commands by letters that stand in them in that order, best first. Pure. */
import { FAULTS } from '../../pipeline/faults/registry.ts'
import { KEYMAP, type KeyBinding } from './keymap.ts'
import { LETTERS } from './letters.ts'

/** @returns undefined where a letter is missing; the lower, the better. */
function fuzzyScore(query: string, text: string): number | undefined {
  const wanted = query.toLowerCase().replaceAll(' ', '')
  const within = text.toLowerCase()
  const whole = within.indexOf(query.toLowerCase().trim())
  if (whole >= 0) return whole / 100
  let at = -1
  let score = 10
  for (const letter of wanted) {
    const next = within.indexOf(letter, at + 1)
    if (next < 0) return undefined
    score += next - at - 1
    at = next
  }
  return score
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
      const score = key ?? fuzzyScore(query, `${does} ${fault ?? binding.command} ${group}`)
      return { entry, score: score === undefined || isAble(binding) ? score : score + UNABLE }
    })
    .filter((one): one is { entry: PaletteEntry; score: number } => one.score !== undefined)
    .sort((a, b) => a.score - b.score)
    .map(({ entry }) => entry)
}
