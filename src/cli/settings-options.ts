/** The settings as options of every command. */
import { Option } from 'commander'
import { type Setting, settings } from '../config/settings.ts'

/** A switch that is on unless it is taken away is not given because it is on. */
export const given = (flags: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(flags).filter(
      ([name, value]) =>
        !(value === true && settings.some(({ flag, fallback }) => flag === name && fallback === true)),
    ),
  )

/** `--help-all`: the help with every setting, where `--help` has those that the command is mostly given. */
export const HELP_ALL = process.argv.includes('--help-all')

/** Settings in the help of a command; the others stand in `--help-all`. */
const COMMON = ['target', 'dataDir']
const LOOKS = ['theme', 'presenter', 'mouse', 'ascii']
const SESSION = [...COMMON, 'stations', 'interval', 'dirty', 'ephemeral', 'engine']
const USES: Readonly<Record<string, readonly string[]>> = {
  '': [...SESSION, ...LOOKS, 'readOnly'],
  run: [...SESSION, 'seed'],
  lesson: [...SESSION, ...LOOKS],
  replay: LOOKS,
  serve: [
    'dataDir',
    'ephemeral',
    'engine',
    'partitions',
    'consumerGroups',
    'keys',
    'hubPort',
    'hubTlsPort',
    'kafkaPort',
    'kafkaTlsPort',
    'lakePort',
    'lakeTlsPort',
    'managementPort',
  ],
  endpoints: ['dataDir'],
  report: ['dataDir'],
  setup: ['azure.subscriptionId', 'azure.resourceGroup'],
  prepare: ['azure.databricksNodeType'],
}
/** In the command's help; with `--help-all` all settings are. */
export const isShown = (command: string, key: string): boolean =>
  HELP_ALL || command === 'config' || (USES[command] ?? COMMON).includes(key)

/**
 * Sixty options for each of twenty commands take time at every start: a command gets its own when its name, or a word that needs
 * all of them, stands in the command line.
 */
const NEED_ALL = ['completion', 'help', '--help', '-h', '--help-all']
/** Options of other commands are not made: there are many, and a start should be quick. */
export const isAskedFor = (command: string): boolean =>
  command === '' || process.argv.some((word) => word === command || NEED_ALL.includes(word))

/** A setting as commander takes it; its value is checked with those from other sources. */
export function option(setting: Setting): Option {
  const group = setting.path.length > 1 ? 'Azure resources (azd up fills these in):' : 'Settings:'
  const { description, expected, fallback } = setting
  const facts = [
    ...(expected.startsWith('one of: ') ? [expected] : []),
    // A switch is off unless it is given; an empty list says nothing.
    ...(fallback === false || setting.flags.startsWith('--no-') || `${fallback ?? ''}` === ''
      ? []
      : [`default: ${fallback}`]),
  ]
  // What is on is described; the option turns it off.
  const does = setting.flags.startsWith('--no-')
    ? `Turn off: ${description.charAt(0).toLowerCase()}${description.slice(1)}`
    : description
  const text = facts.length === 0 ? does : `${does} (${facts.join('; ')})`
  return new Option(setting.flags, text).helpGroup(group)
}
