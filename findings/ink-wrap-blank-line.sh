#!/usr/bin/env bash
# Expected: a text that is wrapped at blanks breaks into lines without them, as in a browser or in `fold -s` of the shell: "hello world" in five
#           columns is "hello" and "world", and the first word of a line stands in its first column.
# Seen:     where a line is full to its last column, Ink carries the blank behind it over to the next. That line begins one column further in;
#           and if the next word needs all columns, the blank gets a line of its own: three lines instead of two, the one in the middle empty.
#           With one column more it is two lines: a wider box is a lower one.
# Matters:  a panel whose height was counted for its text grows by a line, and pushes the last one out, at some widths of the window alone.
# Versions: ink 8.0.0 (wrap-ansi with trim: false), react 19.3.1, Node 24; seen 2026-11-29.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent ink@8.0.0 react@19.3.1 node@24.21.0
cat >run.mjs <<'JS'
import { createElement } from 'react'
import { Box, Text, renderToString } from 'ink'

const lines = (text, width) => renderToString(createElement(Box, { width }, createElement(Text, null, text))).split('\n')
const seen = [['hello world', 5], ['hello world', 6], ['hello world again', 11], ['hello world again', 12]].map(([text, width]) => {
  const found = lines(text, width)
  console.log(`"${text}" in ${width} columns: ${JSON.stringify(found)}`)
  return found
})
const wanted = [['hello', '', 'world'], ['hello', 'world'], ['hello world', ' again'], ['hello world', 'again']]
if (JSON.stringify(seen) !== JSON.stringify(wanted)) {
  console.error('The behaviour has changed.')
  process.exit(1)
}
JS
NODE_ENV=production npx --no-install node run.mjs
