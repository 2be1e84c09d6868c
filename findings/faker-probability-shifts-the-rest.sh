#!/usr/bin/env bash
# Expected: with one seed, what is drawn after a choice is the same whatever was chosen: a generator of readings with faults in 1 of 100 and the same
#           one with none, of equal seed, make the same readings but for the faults.
# Seen:     helpers.maybe draws a number for every probability but 0 and 1, for which it draws none, and so does datatype.boolean; number.int and
#           date.between draw none where min and max are equal, number.float draws one all the same. Set to 0, a probability changes all that
#           comes after it.
# Matters:  "the same run without its faults" is another run: a comparison of the two tells nothing, and it looks as if the fault were the
#           cause. Draw the number oneself (number.float() < probability), or give the faults an instance of their own.
# Versions: @faker-js/faker 10.6.0, Node 24; seen 2026-11-29.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent @faker-js/faker@10.6.0
cat >run.mjs <<'JS'
import { faker } from '@faker-js/faker'

/** What comes after the choice, three times over. */
const after = (choice) => {
  faker.seed(7)
  return [1, 2, 3].map(() => (choice(), faker.number.int(99))).join(' ')
}
const ways = {
  'maybe, 0.01': () => faker.helpers.maybe(() => 0, { probability: 0.01 }),
  'maybe, 0.5': () => faker.helpers.maybe(() => 0, { probability: 0.5 }),
  'maybe, 0': () => faker.helpers.maybe(() => 0, { probability: 0 }),
  'maybe, 1': () => faker.helpers.maybe(() => 0, { probability: 1 }),
  'boolean, 0.01': () => faker.datatype.boolean(0.01),
  'boolean, 0': () => faker.datatype.boolean(0),
  'int, 3 to 4': () => faker.number.int({ min: 3, max: 4 }),
  'int, 3 to 3': () => faker.number.int({ min: 3, max: 3 }),
  'float, 3 to 4': () => faker.number.float({ min: 3, max: 4 }),
  'float, 3 to 3': () => faker.number.float({ min: 3, max: 3 }),
  'date, of one day': () => faker.date.between({ from: '2026-06-01', to: '2026-06-02' }),
  'date, of one moment': () => faker.date.between({ from: '2026-06-01', to: '2026-06-01' }),
  'no choice at all': () => {},
}
const drawn = (name) => after(ways[name])
const seen = Object.keys(ways).map((name) => {
  const kind = drawn(name) === drawn('no choice at all') ? 'nothing drawn' : drawn(name) === drawn('maybe, 0.5') ? 'one drawn' : 'something else'
  console.log(`${name}: then ${drawn(name)} (${kind})`)
  return kind[0]
})
if (seen.join('') !== 'oonnonon' + 'oo' + 'on' + 'n') {
  console.error('The behaviour has changed.')
  process.exit(1)
}
JS
node run.mjs
