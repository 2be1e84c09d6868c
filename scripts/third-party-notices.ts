import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Metafile } from 'esbuild'

/** The licence texts of every package whose code went into the bundles: their licences ask for it. */
export function thirdPartyNotices(root: string, metafiles: readonly Metafile[]): string {
  const folders = new Set<string>()
  for (const metafile of metafiles)
    for (const input of Object.keys(metafile.inputs)) {
      const match = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input)
      if (match?.[1]) folders.add(match[1])
    }
  const notices = [...folders].sort().map((folder) => {
    const manifest = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as {
      name: string
      version: string
      license?: string
    }
    const file = readdirSync(join(root, folder)).find((name) => /^(licen[cs]e|copying)/i.test(name))
    const path = file && join(root, folder, file)
    const text =
      path && existsSync(path) ? readFileSync(path, 'utf8').trim() : '(no licence file in the package)'
    return `${manifest.name} ${manifest.version} (${manifest.license ?? 'see below'})\n\n${text}\n`
  })
  const head = 'This package bundles code of the following packages.\n'
  return [head, ...notices].join(`\n${'-'.repeat(80)}\n\n`)
}
