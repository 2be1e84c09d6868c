/** What every part of the screen draws with: colours and glyphs, chosen once at the start. */
import { createContext, useContext } from 'react'
import { type Glyphs, unicode } from './glyphs.ts'
import { choosePalette, type Palette } from './theme.ts'

export interface Style {
  palette: Palette
  glyphs: Glyphs
}

export const StyleContext = createContext<Style>({ palette: choosePalette('mono', 1, {}), glyphs: unicode })
export const useStyle = (): Style => useContext(StyleContext)
