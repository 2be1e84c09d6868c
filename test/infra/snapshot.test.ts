/** The committed snapshot of what the templates declare: nothing changes there by the way. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { SNAPSHOT, snapshotOf, sources } from './bicep/snapshot.ts'

const texts = sources()
const committed = JSON.parse(readFileSync(SNAPSHOT, 'utf8')) as unknown

describe('the templates', () => {
  it('declare what the snapshot says (node test/infra/bicep/snapshot.ts writes it anew)', () => {
    expect(snapshotOf(texts)).toEqual(committed)
  })

  it('may have other comments and blank lines', () => {
    const path = 'main.bicep'
    const text = `// Something else.\n\n${texts[path]}\n`
    expect(snapshotOf({ ...texts, [path]: text })).toEqual(committed)
  })

  // Each compiles without a word, passes the checks of types, and deploys something else.
  it.each([
    [
      'a condition turned round',
      'modules/synapse.bicep',
      '!empty(clientIpAddress)',
      'empty(clientIpAddress)',
    ],
    ['a parameter in quotes', 'main.bicep', 'location : synapseLocation', "'location' : synapseLocation"],
    ['a lost dollar', 'main.bicep', "'evhns-$", "'evhns-"],
    ['an output of another name', 'modules/event-hubs.bicep', 'string = hub.name', 'string = namespace.name'],
    [
      'another default of a parameter',
      'main.bicep',
      'allowConnectionStrings bool = false',
      'allowConnectionStrings bool = true',
    ],
    [
      'a default on a parameter of a module',
      'modules/synapse.bicep',
      'param clientIpAddress string',
      "param clientIpAddress string = ''",
    ],
    [
      'a switch turned round',
      'main.bicep',
      'allowConnectionStrings: allowConnectionStrings',
      'allowConnectionStrings: !allowConnectionStrings',
    ],
    ['a blank in a name', 'main.bicep', "accountName: 'st", "accountName: 'st "],
    ['a bound that is gone', 'main.bicep', '@maxLength(40)\n', ''],
    [
      'an account that is only looked up',
      'modules/roles/account.bicep',
      "storageAccounts@2026-06-01' existing =",
      "storageAccounts@2026-06-01' =",
    ],
    ['an older version of a type', 'main.bicep', 'resourceGroups@2025-04-01', 'resourceGroups@2024-03-01'],
  ])('%s is seen', (_, path, find, put) => {
    const text = texts[path] ?? ''
    expect(text.split(find)).toHaveLength(2)
    expect(snapshotOf({ ...texts, [path]: text.replace(find, () => put) })).not.toEqual(committed)
  })
})
