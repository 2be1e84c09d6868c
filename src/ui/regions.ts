/** Parts of the screen that the mouse acts on. */
import type { PanelId } from './layout.ts'

/** A part of the screen that takes clicks; columns and rows from 0, the ends not included. */
export interface Region {
  left: number
  right: number
  top: number
  bottom: number
  target:
    | { kind: 'panel'; id: PanelId /** Of the first line within the frame. */; firstRow: number }
    /** A box of the strip: its panel is focused. */
    | { kind: 'box'; id: PanelId }
    | { kind: 'key'; key: string }
}
