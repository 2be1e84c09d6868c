/** Finds commands by letters that stand in them in that order, best first. Pure. */
import { KEYMAP, type KeyBinding } from './keymap.ts'

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

/** Every action of the key map that a query finds; all, in the order of the map, for an empty one. */
export function findCommands(query: string): readonly KeyBinding[] {
  if (query.trim() === '') return KEYMAP
  return KEYMAP.map((binding) => {
    const key = binding.keys.includes(query.trim()) ? -1 : undefined
    return { binding, score: key ?? fuzzyScore(query, `${binding.does} ${binding.command} ${binding.group}`) }
  })
    .filter((one): one is { binding: KeyBinding; score: number } => one.score !== undefined)
    .sort((a, b) => a.score - b.score)
    .map(({ binding }) => binding)
}
