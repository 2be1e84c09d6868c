#!/usr/bin/env bash
# Expected: where the parts of a box have no room beside or below each other, they are cut at an end, as CSS does with overflow: hidden (it
#           keeps what is as small as its content can be): of five rows in three lines the first three are seen, and a text in two
#           columns wraps within its column.
# Seen:     each part shrinks by a fraction, and where it then begins is rounded down and its size up, so parts overlap, and the later one is
#           printed over the earlier. Of rows 1 to 5 it is 2, 4 and 5 that are seen. "temperature" beside "twenty one degrees" in twenty columns
#           reads "temperatwenty one"; an "x" beside "yyyy" in four columns is gone. Nothing tells of it.
# Matters:  a table shows some of its rows, with nothing to see that others are missing, and a label has letters of the value in it. flexShrink={0}
#           at each part gives what was expected.
# Versions: ink 8.0.0, yoga-layout as it comes with it, react 19.3.1, Node 24; seen 2026-11-29.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent ink@8.0.0 react@19.3.1 node@24.21.0
cat >run.mjs <<'JS'
import { createElement } from 'react'
import { Box, Text, renderToString } from 'ink'

const part = (text, flexShrink) => createElement(Box, { key: text, flexShrink }, createElement(Text, null, text))
const drawn = (box, texts, flexShrink) =>
  renderToString(createElement(Box, box, flexShrink === 0 ? texts.map((text) => part(text, 0)) : texts.map((text) => createElement(Text, { key: text }, text))))
const rows = [1, 2, 3, 4, 5].map((row) => `row ${row}`)
const table = { height: 3, flexDirection: 'column', overflow: 'hidden' }
const seen = {
  'five rows in three lines': drawn(table, rows),
  'the same with flexShrink={0}': drawn(table, rows, 0),
  'two texts in twenty columns': drawn({ width: 20 }, ['temperature', 'twenty one degrees']),
  'two texts in four columns': drawn({ width: 4 }, ['x', 'yyyy']),
}
for (const [name, text] of Object.entries(seen)) console.log(`${name}: ${JSON.stringify(text)}`)
const wanted = ['row 2\nrow 4\nrow 5', 'row 1\nrow 2\nrow 3', 'temperatwenty one\nure    degrees', 'yyyy\n']
if (JSON.stringify(Object.values(seen)) !== JSON.stringify(wanted)) {
  console.error('The behaviour has changed.')
  process.exit(1)
}
JS
NODE_ENV=production npx --no-install node run.mjs
