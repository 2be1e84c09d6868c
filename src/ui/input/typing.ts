/** What a line in which text is typed has in common, whatever it asks for. Pure. */
import { withoutLast } from '../text/line.ts'
import { bindingOf } from './keymap.ts'
import { asksForText, type ViewState } from './view-state.ts'

/** Keys that change what was typed, as shells have them. */
export function edited(text: string, key: string): string | undefined {
  switch (key) {
    case 'backspace':
      return withoutLast(text)
    case 'ctrl+w':
    case 'alt+backspace':
      return text.replace(/\S+\s*$/u, '')
    case 'ctrl+u':
      return ''
    default:
      return undefined
  }
}

/** With alt they go or delete by words in a shell's line: whoever presses them wants to stay in it. */
const WORD_KEYS: ReadonlySet<string> = new Set(['b', 'd', 'f', 'backspace'])

/**
 * Whether an escape and a key that came at once are alt and that key.
 * @param view as it stood before both.
 */
export const isAlt = (view: ViewState, key: string): boolean =>
  asksForText(view)
    ? WORD_KEYS.has(key)
    : view.question === undefined && bindingOf(`alt+${key}`) !== undefined
