/** The screen as files, as ctrl+s writes them. */
import { describe, expect, it } from 'vitest'
import { screenFiles } from '../../../src/ui/app/screen-files.ts'
import { painter } from '../../../src/ui/text/ansi.ts'
import { type Line, span } from '../../../src/ui/text/line.ts'
import { chooseTheme } from '../../../src/ui/text/theme.ts'

const LINES: Line[] = [
  [
    span(' rtstream', 'accent', true),
    span('  00:05:20  '),
    span('ledger ', 'muted'),
    span('✓ balanced', 'ok'),
  ],
  [span('東京'), span('   20 °C  <91 %> ')],
  [{ text: ' running ', token: 'ok', inverse: true }],
]

const svgIn = (name: 'dark' | 'mono') => {
  const theme = chooseTheme(name, 24, {})
  const files = screenFiles(LINES, painter(theme, false), theme, false)
  return files.find(({ extension }) => extension === 'svg')?.content ?? ''
}

const texts = (svg: string) =>
  [...svg.matchAll(/<text x="([\d.]+)" y="([\d.]+)" textLength="([\d.]+)"[^>]*>([^<]*)</g)].map(
    ([, x, y, length, text = '']) => ({ x: Number(x), y: Number(y), length: Number(length), text }),
  )

describe('the picture of the screen', () => {
  // SVG drops them, and what is left would be stretched over their room.
  it('has no blanks in its texts but single ones between words', () => {
    const found = texts(svgIn('dark'))
    expect(found.map(({ text }) => text)).toEqual([
      'rtstream',
      '00:05:20',
      'ledger',
      '✓ balanced',
      '東京',
      '20 °C',
      '&lt;91 %&gt;',
      'running',
    ])
  })

  // No font fills its cell to the edge: an area made of letters is torn into stripes.
  it('draws block glyphs as areas from the bottom of their cells', () => {
    const theme = chooseTheme('dark', 24, {})
    const files = screenFiles([[span('ab '), span('▄██')]], painter(theme, false), theme, false)
    const svg = files.find(({ extension }) => extension === 'svg')?.content ?? ''
    expect(texts(svg).map(({ text }) => text)).toEqual(['ab'])
    const areas = [...svg.matchAll(/<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"/g)]
    expect(areas.map((area) => area.slice(1).map(Number))).toEqual([
      [14 + 3 * 8.4, 22.5, 8.4, 8.5],
      [expect.closeTo(14 + 4 * 8.4, 1), 14, 16.8, 17],
    ])
  })

  it('puts each text at its column, as wide as its cells', () => {
    const at = new Map(texts(svgIn('dark')).map(({ text, x, length }) => [text, { x, length }]))
    const cell = 8.4
    const margin = 14
    expect(at.get('rtstream')?.x).toBeCloseTo(margin + 1 * cell, 1)
    expect(at.get('00:05:20')).toEqual({
      x: expect.closeTo(margin + 11 * cell, 1),
      length: expect.closeTo(8 * cell, 1),
    })
    expect(at.get('東京')?.length).toBeCloseTo(4 * cell, 1)
    expect(at.get('20 °C')?.x).toBeCloseTo(margin + 7 * cell, 1)
    expect(at.get('&lt;91 %&gt;')).toEqual({
      x: expect.closeTo(margin + 14 * cell, 1),
      length: expect.closeTo(6 * cell, 1),
    })
  })

  it('draws a name on its colour over all of its cells', () => {
    expect(svgIn('dark')).toMatch(
      /<rect x="14.0" y="48" width="75.6" height="17" fill="#4cc38a"\/><text [^>]*fill="#14181f"/,
    )
  })

  it('is faint where the theme is', () => {
    expect(svgIn('mono')).toMatch(/opacity="0.6">ledger</)
    expect(svgIn('dark')).not.toMatch(/opacity/)
  })
})
