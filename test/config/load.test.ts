import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ConfigError } from '../../src/config/error.ts'
import { type LoadOptions, loadConfig } from '../../src/config/load.ts'

let cwd: string
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'rtstream-config-'))
})
afterEach(() => rmSync(cwd, { recursive: true, force: true }))

const load = (options: LoadOptions = {}) =>
  loadConfig({ cwd, env: {}, home: '/home/ada', platform: 'linux', ...options })
const file = (content: unknown) =>
  writeFileSync(
    join(cwd, 'rtstream.config.json'),
    typeof content === 'string' ? content : JSON.stringify(content),
  )
function azd(environment: string, variables: string) {
  mkdirSync(join(cwd, '.azure', environment), { recursive: true })
  writeFileSync(
    join(cwd, '.azure', 'config.json'),
    JSON.stringify({ version: 1, defaultEnvironment: environment }),
  )
  writeFileSync(join(cwd, '.azure', environment, '.env'), variables)
}
function problems(options: LoadOptions = {}) {
  try {
    load(options)
  } catch (error) {
    if (error instanceof ConfigError)
      return error.problems.map(({ key, source, found, expected }) => ({ key, source, found, expected }))
    throw error
  }
  throw new Error('no problem was found')
}

const AZURE = [
  'AZURE_SUBSCRIPTION_ID="11111111-2222-3333-4444-555555555555"',
  'AZURE_RESOURCE_GROUP="rg-demo"',
  'AZURE_LOCATION="westeurope"',
  'EVENT_HUBS_NAMESPACE="evhns-demo.servicebus.windows.net"',
  'STORAGE_ACCOUNT="stdemo"',
  'STREAM_ANALYTICS_JOB="asa-demo"',
  'DATABRICKS_WORKSPACE_URL="https://adb-1.2.azuredatabricks.net"',
  'SYNAPSE_ENDPOINT=""',
].join('\n')

describe('lists of names', () => {
  it('are separated by commas, and hold a name once', () => {
    const groups = (value: string) => load({ env: { RTSTREAM_CONSUMER_GROUPS: value } }).config.consumerGroups
    expect(load().config.consumerGroups).toEqual([])
    expect(groups('alerts')).toEqual(['alerts'])
    expect(groups(' alerts, dash-board.2 ,,alerts')).toEqual(['alerts', 'dash-board.2'])
  })

  it.each(['$Default', 'a/b', 'two words', '-a', 'x'.repeat(51)])('do not take %s', (name) => {
    expect(problems({ flags: { consumerGroups: `fine,${name}` } })).toMatchObject([
      { key: 'consumerGroups', expected: expect.stringContaining('names of consumer groups') },
    ])
  })
})

describe('where values come from', () => {
  it('knows every default', () => {
    const { config, sources } = load()
    expect(config).toMatchObject({
      target: 'local',
      stations: 100,
      interval: 10_000,
      dirty: 0,
      partitions: 4,
      fps: 2,
    })
    expect(config.dataDir).toBe('/home/ada/.local/share/rtstream-tui')
    expect(sources.get('stations')).toEqual({ kind: 'default' })
    expect(sources.has('idleStop')).toBe(false)
  })

  it('prefers flags to the environment, that to the file, and that to azd', () => {
    azd('demo', `${AZURE}\nEVENT_HUB="from-azd"`)
    const eventHub = (options: LoadOptions) => {
      const { config, sources } = load(options)
      return [config.azure.eventHub, sources.get('azure.eventHub')?.kind]
    }
    expect(eventHub({})).toEqual(['from-azd', 'azd'])
    file({ azure: { eventHub: 'from-file' } })
    expect(eventHub({})).toEqual(['from-file', 'file'])
    expect(eventHub({ env: { EVENT_HUB: 'azd-name' } })).toEqual(['azd-name', 'environment'])
    const env = { EVENT_HUB: 'azd-name', RTSTREAM_EVENT_HUB: 'own-name' }
    expect(eventHub({ env })).toEqual(['own-name', 'environment'])
    expect(eventHub({ env, flags: { eventHub: 'flag' } })).toEqual(['flag', 'flag'])
  })

  it('finds the azd environment above the working directory, by name or by default', () => {
    azd('other', AZURE.replace('rg-demo', 'rg-other'))
    azd('demo', AZURE)
    const below = join(cwd, 'notebooks')
    mkdirSync(below)
    expect(load({ cwd: below }).config.azure.resourceGroup).toBe('rg-demo')
    const { config, sources } = load({ cwd: below, env: { AZURE_ENV_NAME: 'other' } })
    expect(config.azure.resourceGroup).toBe('rg-other')
    expect(sources.get('azure.resourceGroup')).toEqual({ kind: 'azd', name: '.azure/other/.env' })
  })

  describe('says first why azd knows nothing, when something is missing', () => {
    const problem = (env: Record<string, string> = {}) => {
      try {
        load({ flags: { target: 'azure' }, env })
      } catch (error) {
        return (error as ConfigError).problems[0]
      }
      return undefined
    }

    it('as nothing was deployed from here', () =>
      expect(problem()).toMatchObject({
        key: 'azd environment',
        sentence:
          'No settings for Azure: no azd environment in this folder or above. Run `azd up`, or change to the folder in which it was run.',
      }))

    it('as the environment is not there', () => {
      azd('demo', AZURE)
      expect(problem({ AZURE_ENV_NAME: 'dmeo' })).toEqual({
        key: 'azd environment',
        source: { kind: 'environment', name: 'AZURE_ENV_NAME' },
        found: 'there is no .azure/dmeo/.env',
        expected: 'an environment that `azd up` has made: demo',
        sentence:
          'No settings for Azure: there is no .azure/dmeo/.env. Choose one that `azd up` has made with `azd env select NAME`, or set AZURE_ENV_NAME; there are: demo.',
      })
    })

    it('as none of several is chosen', () => {
      azd('demo', AZURE)
      azd('other', AZURE)
      writeFileSync(join(cwd, '.azure', 'config.json'), '{"version":1}')
      expect(problem()).toMatchObject({
        found: 'no azd environment is chosen',
        expected: expect.stringMatching(/demo, other$/),
      })
    })

    it('and not when nothing is', () => {
      azd('demo', AZURE)
      expect(problem()).toBeUndefined()
    })
  })

  it('takes text from flags and the environment as the type that the setting has', () => {
    const { config } = load({
      flags: { stations: '7', interval: '250ms', ascii: true },
      env: {
        RTSTREAM_DIRTY: '.05',
        RTSTREAM_READ_ONLY: 'yes',
        RTSTREAM_LAKE_LIMIT: '256MB',
        RTSTREAM_IDLE_STOP: '30m',
      },
    })
    expect(config).toMatchObject({ stations: 7, interval: 250, ascii: true, dirty: 0.05, readOnly: true })
    expect(config).toMatchObject({ lakeLimit: 256_000_000, idleStop: 1_800_000 })
  })

  it('counts an empty variable as not set, as azd writes outputs of what was left out', () => {
    azd('demo', AZURE)
    expect(load({ flags: { target: 'azure' } }).config.azure.synapseEndpoint).toBeUndefined()
  })

  it('derives what follows from other settings', () => {
    azd('demo', AZURE)
    const { azure } = load({ flags: { target: 'azure' } }).config
    expect(azure.lakeEndpoint).toBe('https://stdemo.dfs.core.windows.net')
    const other = { flags: { lakeEndpoint: 'https://stother.dfs.core.windows.net/' } }
    expect(load(other).config.azure.storageAccount).toBe('stdemo')
    expect(load({ ...other, cwd: '/nowhere' }).config.azure.storageAccount).toBe('stother')
    expect(azure.metricsEndpoint).toBe('https://westeurope.metrics.monitor.azure.com')
    const connection = 'Endpoint=sb://evhns-x.servicebus.windows.net/;SharedAccessKeyName=a;SharedAccessKey=b'
    expect(load({ flags: { eventHubsConnectionString: connection } }).config.azure.eventHubsNamespace).toBe(
      'evhns-x.servicebus.windows.net',
    )
  })

  it('chooses the target for doctor by what is configured', () => {
    const target = (options: LoadOptions) =>
      load({ defaultTarget: 'azure-if-configured', ...options }).config.target
    expect(target({})).toBe('local')
    azd('demo', AZURE)
    expect(target({})).toBe('azure')
    expect(target({ flags: { target: 'local' } })).toBe('local')
  })

  it('lets --ephemeral beat a folder of lower rank, and the other way round', () => {
    file({ dataDir: 'kept' })
    expect(load().config.dataDir).toBe(join(cwd, 'kept'))
    expect(load({ flags: { ephemeral: true } }).config).toMatchObject({ ephemeral: true })
    file({ ephemeral: true })
    expect(load({ flags: { dataDir: 'mine' } }).config).toMatchObject({
      ephemeral: false,
      dataDir: join(cwd, 'mine'),
    })
  })
})

describe('what is refused', () => {
  it('lists every problem at once with key, source and expectation', () => {
    file({ stations: 'many', intervall: '10s', azure: { eventHubb: 'x' }, fps: 99 })
    const found = problems({
      flags: { target: 'azure', interval: '10' },
      env: { RTSTREAM_DIRTY: '2', RTSTREAM_STATIOS: '1' },
    })
    const here = { kind: 'file', name: 'rtstream.config.json' }
    expect(found).toEqual(
      expect.arrayContaining([
        { key: 'stations', source: here, found: '"many"', expected: 'a whole number from 1 to 1000000' },
        { key: 'intervall', source: here, found: 'unknown key', expected: 'interval, if that is meant' },
        {
          key: 'azure.eventHubb',
          source: here,
          found: 'unknown key',
          expected: 'azure.eventHub, if that is meant',
        },
        { key: 'fps', source: here, found: '99', expected: 'a whole number from 1 to 30' },
        {
          key: 'interval',
          source: { kind: 'flag', name: '--interval' },
          found: '"10"',
          expected: 'a duration from 100ms to 1d, such as 30s, 2m or 1h',
        },
        {
          key: 'dirty',
          source: { kind: 'environment', name: 'RTSTREAM_DIRTY' },
          found: '2',
          expected: 'a number from 0 to 1, such as 0.05 for 5 %',
        },
        expect.objectContaining({ key: 'RTSTREAM_STATIOS', expected: 'RTSTREAM_STATIONS' }),
        // Nothing of Azure is known: one line says so, not one for each setting.
        expect.objectContaining({ key: 'azd environment' }),
      ]),
    )
    expect(found.filter(({ found: what }) => what === 'missing for target azure')).toEqual([])
  })

  it('names a key that stands on the wrong level', () => {
    file({ subscriptionId: 'x' })
    expect(problems()[0]).toMatchObject({ expected: 'azure.subscriptionId, if that is meant' })
  })

  it.each([
    ['[]', 'a JSON object'],
    ['{"stations": 1,}', 'a readable JSON file'],
    ['{"azure": 3}', 'a JSON object'],
    ['', 'a readable JSON file'],
  ])('says what is wrong with the file %j', (content, expected) => {
    file(content)
    expect(problems()).toEqual([expect.objectContaining({ expected })])
  })

  it('wants the file that --config names', () => {
    expect(problems({ flags: { config: 'absent.json' } })).toEqual([
      expect.objectContaining({
        key: 'absent.json',
        found: 'there is no such file',
        expected: 'a readable JSON file',
      }),
    ])
  })

  it('reports a broken azd environment instead of ignoring it', () => {
    azd('demo', AZURE)
    writeFileSync(join(cwd, '.azure', 'config.json'), '{')
    expect(problems()).toEqual([expect.objectContaining({ key: 'azd environment' })])
  })

  it('refuses JSON values of the wrong type even when they look right', () => {
    file({ stations: '7', ascii: 'true' })
    expect(problems().map(({ key }) => key)).toEqual(['stations', 'ascii'])
  })

  it('never repeats a secret', () => {
    const secret = 'Endpoint=sb://x;SharedAccessKey=TOPSECRET'
    expect(JSON.stringify(problems({ flags: { eventHubsConnectionString: secret } }))).not.toContain(
      'TOPSECRET',
    )
  })

  it('refuses a folder and --ephemeral in one breath', () => {
    expect(problems({ flags: { ephemeral: true, dataDir: 'x' } })).toEqual([
      expect.objectContaining({ key: 'ephemeral' }),
    ])
  })

  it('asks for plain text on one line per problem and exits with 2', () => {
    try {
      load({ flags: { stations: '0', dirty: 'x' } })
      expect.unreachable()
    } catch (error) {
      expect(error).toMatchObject({ exitCode: 2 })
      expect((error as Error).message.split('\n')).toEqual([
        'The configuration has 2 problems:',
        '  stations (flag --stations): 0; expected a whole number from 1 to 1000000',
        '  dirty (flag --dirty): "x"; expected a number from 0 to 1, such as 0.05 for 5 %',
      ])
    }
  })
})

it('a share is also read in percent, as the screen shows it', () => {
  const dirty = (text: string) => load({ flags: { dirty: text } }).config.dirty
  expect([dirty('5%'), dirty(' 12.5 % '), dirty('100%'), dirty('0.05')]).toEqual([0.05, 0.125, 1, 0.05])
  for (const wrong of ['101%', '%', '5%%', '-1%']) expect(() => dirty(wrong)).toThrow(/0 to 1/)
})
