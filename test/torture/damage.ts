/** Damage to each kind of file of a data folder: the next start mends it or says which file it is; never a stack, never a hang. */
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { ended, hasStack, type Part, pick, run, summaryOf, type TortureOptions } from './program.ts'

type Damage = (file: string) => void

const DAMAGES: Readonly<Record<string, Damage>> = {
  'cut in half': (file) => truncateSync(file, Math.floor(readFileSync(file).length / 2)),
  empty: (file) => truncateSync(file, 0),
  'other bytes': (file) => writeFileSync(file, Buffer.alloc(Math.max(64, readFileSync(file).length), 0xa5)),
  gone: (file) => rmSync(file),
  'other JSON': (file) => writeFileSync(file, '[{"no":"such thing"}]'),
}

/** Kinds of files: the newest whose path fits. */
const KINDS: Readonly<Record<string, RegExp>> = {
  'the hub’s log': /^hub\/log\.db$/,
  'the generator’s numbers': /^state\/generator/,
  'the session’s settings': /^state\/session\.json$/,
  'the job’s record': /^state\/stream-analytics\.json$/,
  'a service’s state': /^state\/(?!generator|session|stream-analytics)[^/]+\.json$/,
  'the lock': /^lock\.db$/,
  'the holder of the lock': /^lock\.json$/,
  'what the local session keeps': /^local\/[^/]+$/,
  'the log file': /^logs\/.*\.log$/,
  'a file of bronze': /^lake\/bronze\/weather\/2.*\.json$/,
  'a checkpoint’s plan (silver)': /^lake\/checkpoints\/silver\/offsets\//,
  'a checkpoint’s end (silver)': /^lake\/checkpoints\/silver\/commits\//,
  'a checkpoint’s end (gold)': /^lake\/checkpoints\/gold\/commits\//,
  'a checkpoint’s end (aggregate)': /^lake\/checkpoints\/aggregate\/commits\//,
  'a checkpoint’s identity': /^lake\/checkpoints\/silver\/metadata\.json$/,
  'a commit of silver': /^lake\/silver\/weather\/_delta_log\/\d+\.json$/,
  'a commit of gold': /^lake\/gold\/weather\/_delta_log\/\d+\.json$/,
  'a commit of the aggregate': /^lake\/gold\/weather_aggregated\/_delta_log\/\d+\.json$/,
  'a data file of silver': /^lake\/silver\/weather\/part-.*\.parquet$/,
  'a data file of gold': /^lake\/gold\/weather\/part-.*\.parquet$/,
  'a data file by minute': /^lake\/gold\/weather_by_minute\/part-.*\.parquet$/,
  'a data file of the aggregate': /^lake\/gold\/weather_aggregated\/part-.*\.parquet$/,
}

/** @param all every damage to every kind; else one of each kind, by chance. */
export async function damage(all: boolean, { random, folder, say }: TortureOptions): Promise<Part> {
  const whole = join(folder, 'whole')
  const code = await ended(run(whole, '3s'))
  const broken = code === 0 ? [] : [`the run before the damage: exit code ${code}`]
  const files = readdirSync(whole, { recursive: true, encoding: 'utf8' }).map((one) =>
    one.replaceAll('\\', '/'),
  )
  let tried = 0
  let mended = 0
  for (const [kind, pattern] of Object.entries(KINDS)) {
    const file = files
      .filter((one) => pattern.test(one))
      .sort()
      .at(-1)
    if (file === undefined) continue
    const names = Object.keys(DAMAGES)
    for (const name of all ? names : [pick(random, names)]) {
      const data = join(folder, 'damaged')
      cpSync(whole, data, { recursive: true, filter: (path) => !path.endsWith('.sock') })
      DAMAGES[name]?.(join(data, file))
      const result = await outcome(data, file)
      tried++
      if (result.isMended) mended++
      if (result.problem !== undefined) broken.push(`${kind}, ${name}: ${result.problem}`)
      say(`${kind} (${file}), ${name}: ${result.problem ?? result.told}`)
      rmSync(data, { recursive: true, force: true, maxRetries: 5 })
    }
  }
  return {
    name: 'damage to each kind of file',
    tried: `${tried} damages: cut, emptied, overwritten, deleted, other JSON`,
    broken,
    notes: `${mended} went on and balanced, ${tried - mended - broken.length} were refused in a sentence that names the file`,
  }
}

interface Outcome {
  isMended: boolean
  told: string
  problem: string | undefined
}

async function outcome(data: string, file: string): Promise<Outcome> {
  const running = run(data, '1s')
  const code = await ended(running)
  const stderr = running.stderr().trim()
  const told = `exit code ${code}${stderr === '' ? '' : `: ${stderr.split('\n').join(' ¶ ')}`}`
  const isMended = code === 0 && summaryOf(running)?.balanced === true
  const judge = (): string | undefined => {
    if (code === 'hung') return 'it hung'
    if (hasStack(stderr)) return `a stack trace: ${told}`
    if (isMended) return undefined
    if (code !== 1) return told
    return namesIt(stderr, data, file) ? undefined : `no file is named: ${told}`
  }
  return { isMended, told, problem: judge() }
}

/** The file, its folder, or the table or notebook that it belongs to. */
function namesIt(text: string, data: string, file: string): boolean {
  if (text.includes(basename(file))) return true
  const [, , container, table] = /^(lake)\/([^/]+)\/([^/]+)\//.exec(file) ?? []
  if (container !== undefined && text.includes(`${container}/${table}`)) return true
  return existsSync(join(data, file)) && text.includes(join(data, file))
}
