#!/usr/bin/env bash
# Expected: the numbers at the axis of a chart are those of the data: a label that has no room makes the axis wider, or is shortened where it
#           does no harm, behind the point.
# Seen:     asciichart keeps the last eleven characters of each label. From 100,000,000 on the first digits are gone: 123,456,789.25 reads
#           23456789.25, and 100,000,000 reads 00000000.00. Of -12,345,678 it is the sign: the axis falls from 0.00 to 12345678.00.
# Matters:  bytes, offsets and sequence numbers of a stream that runs for some days are drawn a power of ten too small, or positive, and the
#           line itself is right. A longer `padding`, or a `format` of one's own, keeps them whole.
# Versions: asciichart 1.5.25 (the newest), Node 24 and 20; asciichart for Python (asciichartpy 1.5.25) widens the axis instead; seen 2026-11-29.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent asciichart@1.5.25
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check asciichartpy==1.5.25
cat >run.mjs <<'JS'
import { execFileSync } from 'node:child_process'
import asciichart from 'asciichart'

const labels = (chart) => chart.split('\n').map((line) => line.split(/[┤┼]/)[0].trim())
const python = 'import asciichartpy, json, sys; print(asciichartpy.plot(json.loads(sys.argv[1]), {"height": 2}))'
const seen = [
  [100000000, 123456789.25],
  [-12345678, 0],
].map((series) => {
  const one = labels(asciichart.plot(series, { height: 2 }))
  const whole = labels(asciichart.plot(series, { height: 2, padding: ' '.repeat(14) }))
  const other = labels(execFileSync('venv/bin/python', ['-c', python, JSON.stringify(series)], { encoding: 'utf8' }).trimEnd())
  console.log(`${series.join(' to ')}: ${one.join(', ')}; with padding: ${whole.join(', ')}; Python: ${other.join(', ')}`)
  return [one, whole]
})
const wanted = [
  [['23456789.25', '11728394.63', '00000000.00'], ['123456789.25', '111728394.63', '100000000.00']],
  [['0.00', '-6172839.00', '12345678.00'], ['0.00', '-6172839.00', '-12345678.00']],
]
if (JSON.stringify(seen) !== JSON.stringify(wanted)) {
  console.error('The behaviour has changed.')
  process.exit(1)
}
JS
node run.mjs
