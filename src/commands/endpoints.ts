/** `rtstream-tui endpoints`: how another client reaches the local Azure that runs on a data folder. */
import { askInstance } from './shared/control-channel.ts'
import { endpointLines, endpointsObject } from './shared/endpoint-lines.ts'
import { UserError } from './shared/user-error.ts'

/** @returns exit code 0. @throws UserError when nothing runs on the folder. */
export async function runEndpoints(options: {
  dataDir: string
  json: boolean
  write: (text: string) => void
}): Promise<number> {
  const instance = await askInstance(options.dataDir)
  if (!instance)
    throw new UserError(
      `No rtstream-tui runs on ${options.dataDir}.`,
      'Start one in another terminal (rtstream-tui), or name its folder with --data-dir.',
    )
  if (options.json) {
    options.write(`${JSON.stringify(endpointsObject(instance), null, 2)}\n`)
    return 0
  }
  const lines = endpointLines(instance.endpoints, { secrets: true })
  const width = Math.max(...lines.map((line) => line.name.length))
  for (const { name, value } of lines) options.write(`${name.padEnd(width)}  ${value}\n`)
  return 0
}
