import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { BIN, cli, startCli, temporaryFolder } from '../support/cli.ts'
import { openTerminal } from '../support/terminal.ts'

const folder = temporaryFolder()
const data = join(folder.path, 'data')
afterAll(() => folder.remove())

const linesOf = (text: string) => text.trim().split('\n')

describe('wrong usage', () => {
  it.each([
    [['run', '--stations', 'many'], /stations.*--stations.*whole number from 1/s],
    [['run', '--stations', '0'], /stations.*whole number from 1/s],
    [['run', '--stations', '-1'], /stations.*: -1; expected a whole number/],
    [['run', '--stations', '1.5'], /stations.*: 1\.5; expected a whole number/],
    [['run', '--stations', '99999999'], /stations.*to 1000000/],
    [['run', '--stations'], /--stations.*argument missing/],
    [['run', '--interval', '10 parsecs'], /interval/],
    [['run', '--interval', '10'], /interval.*such as 30s/],
    [['run', '--interval', '0s'], /interval.*from 100ms to 1d/],
    [['run', '--dirty', '1.5'], /dirty.*0 to 1/s],
    [['run', '--partitions', '33'], /partitions.*1 to 32/],
    [['run', '--duration', 'soon'], /duration.*\(rtstream-tui run --help lists what there is\)/],
    [['run', '--fault', 'nope@1s:1s'], /no fault named nope: .*hub-away/],
    [
      ['run', '--duration', '5s', '--fault', 'hub-away@5s:1s'],
      /^The fault hub-away would begin after 5 s, when the run of 5 s has ended: .*--duration/,
    ],
    [['run', '--duration', '0s'], /duration.*such as 30s/],
    [['run', '--duration', '30d'], /duration.*up to 24d/],
    [['run', '--engine', 'flink'], /engine.*duckdb/s],
    [['run', '--target', 'aws'], /target.*azure/s],
    [['run', '--no-such-flag'], /no-such-flag/],
    [['run', '--satations', '5'], /unknown option '--satations'; did you mean --stations\?/],
    [['fly'], /unknown command 'fly' \(/],
    [['rnu', '--duration', '5s'], /unknown command 'rnu'; did you mean run\?/],
    [['run', 'now'], /^too many arguments: run takes none, and got now \(/],
    [['config', 'init', 'x'], /^too many arguments: config takes 1 argument, and got init, x \(/],
    [['config', 'nope'], /^config takes init or nothing, not 'nope' \(rtstream-tui config --help/],
    [['config', 'inti'], /^config takes init or nothing, not 'inti'; did you mean init\? \(/],
    [['replay'], /^replay needs <file>: a file that was written with --record \(/],
    [['completion'], /^completion needs <shell>: bash, zsh, fish or powershell \(/],
    [['report', '--format', 'pdf'], /^--format takes html, md or json, not 'pdf' \(/],
    [
      ['export', 'silver', '--format', 'csw'],
      /^--format takes csv or parquet, not 'csw'; did you mean csv\? \(/,
    ],
    [
      ['sql', 'SELECT 1', '--csv', '--json'],
      /'--json' cannot be used with option '--csv' \(rtstream-tui sql --help/,
    ],
    [['run', '--data-dir', ''], /dataDir/],
    [
      ['run', '--config', 'nowhere.json'],
      /^\S*nowhere\.json cannot be used.*no such file; expected a readable JSON file/,
    ],
    [['notebooks', 'export'], /--ipynb.*\(rtstream-tui notebooks export --help lists what there is\)/],
    [['help', 'stauts'], /unknown command 'stauts'; did you mean status\?/],
    [['help', 'fly'], /unknown command 'fly' \(/],
    [['notebooks', 'export', '--ipynb', ''], /--ipynb.*expected a folder/],
  ])('%j exits with 2 and says in one line what was expected', async (args, expected) => {
    const { code, stderr, lines } = await cli(args as string[])
    expect(code).toBe(2)
    expect(stderr).toMatch(expected)
    expect(linesOf(stderr)).toHaveLength(1)
    expect(lines).toEqual([])
  })

  it.each(['run', 'status', 'config', 'endpoints', 'stop'])(
    '%s on Azure without its settings is one line, which says what to do',
    async (command) => {
      const { code, stderr, lines } = await cli([command, '--target', 'azure'], { cwd: folder.path })
      expect({ code, lines }).toEqual({ code: 2, lines: [] })
      expect(linesOf(stderr)).toEqual([
        expect.stringMatching(/^No settings for Azure: no azd environment .*Run `azd up`/),
      ])
    },
  )

  it('is one line whatever a configuration file holds, and no escape sequence of it reaches the terminal', async () => {
    const file = join(folder.path, 'junk.json')
    writeFileSync(file, '{"stations":\n\n\u001b[31m5\u009b,')
    const { code, stderr } = await cli(['config', '--config', file])
    expect(code).toBe(2)
    expect(linesOf(stderr)).toHaveLength(1)
    expect(stderr.trimEnd()).not.toMatch(/\p{Cc}/u)
  })

  it('of the environment names the variable', async () => {
    const wrong = await cli(['config'], { env: { RTSTREAM_STATIONS: 'abc' } })
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('RTSTREAM_STATIONS') })
    const unknown = await cli(['config'], { env: { RTSTREAM_STATION: '5' } })
    expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining('expected RTSTREAM_STATIONS') })
  })

  it('lists all problems at once', async () => {
    const { code, stderr } = await cli(['run', '--stations', 'x', '--dirty', '2'])
    expect(code).toBe(2)
    expect(stderr).toMatch(/2 problems/)
    expect(stderr).toMatch(/stations/)
    expect(stderr).toMatch(/dirty/)
  })

  it('says on a stdout that is no terminal how to run without a screen', async () => {
    const { code, stderr } = await cli(['--data-dir', data])
    expect(code).toBe(2)
    expect(stderr).toMatch(/not a terminal.*rtstream-tui run/s)
    expect(existsSync(data)).toBe(false)
  })

  it('config init writes what is given, and leaves a file that is there alone', async () => {
    const made = await cli(['config', 'init', '--stations', '7', '--interval', '2s'], { cwd: folder.path })
    expect(made.code).toBe(0)
    const file = JSON.parse(readFileSync(join(folder.path, 'rtstream.config.json'), 'utf8'))
    expect(file).toMatchObject({ stations: 7, interval: '2s' })
    expect((await cli(['config', 'init'], { cwd: folder.path })).code).toBe(1)
    rmSync(join(folder.path, 'rtstream.config.json'))
  })

  it('prints help and version', async () => {
    const help = await cli(['--help'])
    expect(help.lines.join('\n')).not.toContain('--databricks-workspace-url')
    expect(help.lines.join('\n')).toMatch(/--stations[\s\S]*Every other setting: --help-all/)
    const all = (await cli(['--help-all'])).lines.join('\n')
    expect(all).toContain('--databricks-workspace-url')
    // A default that says nothing, or that `--no-…` turns round, is not told.
    expect(all).not.toMatch(/default: \)|--no-.*default: true|undefined/)
    expect(all).toMatch(/doctor .*check\s+the\s+setup\s+and\s+show\s+how\s+to\s+fix\s+problems/)
    for (const shell of ['bash', 'zsh', 'fish', 'powershell'])
      expect((await cli(['completion', shell])).lines.join('\n'), shell).toMatch(/doctor[\s\S]*json/)
    expect((await cli(['completion', 'tcsh'])).code).toBe(2)
    expect(help.code).toBe(0)
    expect(help.lines.join('\n')).toMatch(/run.*endpoints/s)
    const asked = await cli(['help', 'run'])
    expect(asked).toMatchObject({ code: 0, stderr: '' })
    const run = asked.lines.join('\n')
    expect(run).toMatch(/--duration .*\(default: 30s\)/)
    expect(run).toMatch(/--stations .*\(default: 100\)/)
    expect(run).toMatch(/--interval .*\(default: 10s\)/)
    expect(run).toMatch(/--engine .*\(one of:\s+duckdb,\s+spark;\s+default:\s+duckdb\)/)
    expect(run).not.toMatch(/undefined|false/)
    expect((await cli(['--version'])).lines).toEqual([expect.stringMatching(/^\d+\.\d+\.\d+$/)])
  })
})

it('exports the notebooks, and says where they are', async () => {
  const target = join(folder.path, 'notebooks')
  const paths = ['silver', 'gold', 'aggregate'].map((name) => join(target, `${name}.ipynb`))
  const { code, lines } = await cli(['notebooks', 'export', '--ipynb', target])
  expect({ code, lines }).toEqual({ code: 0, lines: paths })
  for (const path of paths) expect(JSON.parse(readFileSync(path, 'utf8')).nbformat).toBe(4)
  writeFileSync(join(folder.path, 'taken'), '')
  const refused = await cli(['notebooks', 'export', '--ipynb', join(folder.path, 'taken')])
  expect(refused.code).not.toBe(0)
  expect(refused.stderr).toMatch(/notebooks cannot be written to .*taken.*\n.*Name a folder/)
})

it('each command shows the settings that it uses, none of them wider than the window', async () => {
  const helpOf = async (command: string) => (await cli([command, '--help'])).lines
  const shown = { serve: '--hub-port', lesson: '--theme', replay: '--theme', setup: '--subscription-id' }
  for (const [command, setting] of Object.entries(shown))
    expect((await helpOf(command)).join('\n'), command).toContain(`  ${setting} `)
  expect((await helpOf('serve')).join('\n')).not.toContain('--target')
  expect((await helpOf('completion')).join('\n')).toContain('source <(rtstream-tui completion bash)')
  const config = await helpOf('config')
  expect(config.filter((line) => line.length > 80)).toEqual([])
  // A switch that is on is told by what its option does.
  expect(config.join(' ')).toMatch(/--no-mouse +Turn off: clicks/)
})

it('a file to play or to write is told by its name, and what to do', async () => {
  for (const command of ['replay', 'report'])
    expect(await cli([command, 'nowhere.rtrec'])).toMatchObject({
      code: 1,
      stderr: 'nowhere.rtrec does not exist.\nName a file that was written with --record.\n',
    })
  expect(await cli(['serve', '--start', 'foo'])).toMatchObject({ code: 2, stderr: /foo is not a stage/ })
})

describe('on a terminal', () => {
  const shown = async (...args: string[]) => {
    const terminal = openTerminal({
      command: process.execPath,
      args: [BIN, ...args],
      columns: 100,
      rows: 200,
      cwd: folder.path,
    })
    try {
      const { code } = await terminal.exit
      return { code, text: terminal.text() }
    } finally {
      await terminal.close()
    }
  }

  it('help of a command has its own options first and the settings it uses, all others on --help-all', async () => {
    const { code, text } = await shown('status', '--help')
    expect(code).toBe(0)
    expect(text).toMatch(
      /^Options:\n[\s\S]*^ +--json [\s\S]*^Settings:\n[\s\S]*--target [\s\S]*--data-dir [\s\S]*Every other setting: --help-all/m,
    )
    expect(text).not.toMatch(/--stations|--databricks-workspace-url/)
    const all = await shown('status', '--help-all')
    expect(all.code).toBe(0)
    expect(all.text).toMatch(
      /^Options:\n[\s\S]*^ +--json [\s\S]*--stations [\s\S]*--databricks-workspace-url/m,
    )
    expect(all.text).not.toContain('Every other setting')
    for (const text of [(await shown('run', '--help')).text, (await shown('help', 'run')).text]) {
      expect(text).toMatch(
        /^Options:\n[\s\S]*--duration [\s\S]*^Settings:\n[\s\S]*--stations [\s\S]*--engine /m,
      )
      expect(text).not.toContain('--databricks-workspace-url')
    }
  }, 60_000)

  it('config init says which file it has made, and then that it is there', async () => {
    const file = join(folder.path, 'rtstream.config.json')
    const made = await shown('config', 'init', '--stations', '7')
    expect(made.code).toBe(0)
    expect(made.text.replaceAll('\n', '')).toContain(`${file} holds 1 setting`)
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ stations: 7 })
    const again = await shown('config', 'init', '--stations', '9')
    expect(again.code).toBe(1)
    expect(again.text).toMatch(/is there already[\s\S]*Edit it, or remove it first/)
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ stations: 7 })
    rmSync(file)
  }, 60_000)
})

describe('a data folder that cannot be used', () => {
  it('is named, with what to do, when it is a file', async () => {
    const file = join(folder.path, 'file')
    writeFileSync(file, '')
    const { code, stderr } = await cli(['run', '--duration', '1s', '--data-dir', file])
    expect(code).toBe(1)
    expect(linesOf(stderr)).toEqual([
      expect.stringContaining(`data folder ${file} cannot be written`),
      expect.stringContaining('--data-dir'),
    ])
  })

  it('is named when its path is longer than a database may have', async () => {
    const long = join(folder.path, 'x'.repeat(200), 'x'.repeat(200), 'x'.repeat(100))
    const { code, stderr } = await cli(['run', '--duration', '1s', '--data-dir', long])
    expect(code).toBe(1)
    expect(stderr).toMatch(/^The path of the data folder is too long \(.*\)\.\nChoose a shorter one.*\n$/)
  })

  it.each(['hub', 'lake', 'state', 'logs', 'local', 'lock.db'])(
    'names what is in the way of its %s',
    async (name) => {
      const home = join(folder.path, `taken-${name}`)
      mkdirSync(join(home, name === 'lock.db' ? name : ''), { recursive: true })
      if (name !== 'lock.db') writeFileSync(join(home, name), '')
      const { code, stderr } = await cli(['run', '--duration', '1s', '--data-dir', home])
      expect(code).toBe(1)
      expect(linesOf(stderr)).toEqual([expect.stringContaining(home), expect.stringContaining('--data-dir')])
    },
  )

  it('is named where the system makes no folders', async (context) => {
    if (!existsSync('/proc/self')) return context.skip('needs /proc')
    const { code, stderr } = await cli(['run', '--duration', '1s', '--data-dir', '/proc/rtstream/data'])
    expect(code).toBe(1)
    expect(stderr).toMatch(/data folder \/proc\/rtstream\/data cannot be written \(ENOENT\)/)
  })

  it('is named when it is not writable', async () => {
    // Root may write anywhere, but not make folders of the kernel's.
    const isRoot = process.getuid?.() === 0 && existsSync('/sys/kernel')
    const closed = isRoot ? '/sys/rtstream-tui' : join(folder.path, 'closed')
    if (!isRoot) {
      mkdirSync(closed)
      chmodSync(closed, 0o500)
    }
    const { code, stderr } = await cli(['run', '--duration', '1s', '--data-dir', closed])
    expect(code).toBe(1)
    expect(linesOf(stderr)).toEqual([
      expect.stringContaining(`data folder ${closed} cannot be written`),
      expect.stringContaining('--data-dir'),
    ])
  })

  it('is refused while another instance uses it, and works again afterwards', async () => {
    const first = startCli(['run', '--duration', '60s', '--json', '--data-dir', data])
    await first.line((line) => line.includes('"progress"'))
    const second = await cli(['run', '--duration', '1s', '--data-dir', data])
    expect(second.code).toBe(1)
    expect(second.stderr).toMatch(new RegExp(`already.*${first.child.pid}|${first.child.pid}.*already`, 's'))
    expect(linesOf(second.stderr).length).toBeLessThanOrEqual(2)
    first.child.kill('SIGTERM')
    expect(await first.exit).toBe(0)
    expect((await cli(['run', '--duration', '1s', '--data-dir', data])).code).toBe(0)
  }, 60_000)
})

it('names the port that is taken', async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const { code, stderr } = await cli(['run', '--duration', '1s', '--ephemeral', '--hub-port', String(port)])
  server.close()
  expect(code).toBe(1)
  expect(stderr).toContain(String(port))
  expect(linesOf(stderr).length).toBeLessThanOrEqual(2)
}, 30_000)

it('endpoints says that nothing runs, and what to do', async () => {
  const { code, stderr } = await cli(['endpoints', '--data-dir', join(folder.path, 'nobody')])
  expect(code).toBe(1)
  expect(stderr).toMatch(/No rtstream-tui runs on .*nobody/)
})
