/** `rtstream-tui notebooks export --ipynb DIR`: the notebooks for people who import them by hand. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { toIpynb } from './shared/notebooks-source.ts'
import { readPackage, UserError } from './shared/user-error.ts'

/** Names of the files, without `.py`. */
export const NOTEBOOKS = ['silver', 'gold', 'aggregate'] as const

/**
 * Writes the three notebooks as `.ipynb`, each complete in itself; files of that name are replaced.
 * @param directory made when it is missing.
 * @param notebooksDir the package's `notebooks/`.
 * @returns the paths written.
 * @throws UserError when a file cannot be written, or a notebook is missing.
 */
export function exportNotebooks(directory: string, notebooksDir: string): string[] {
  const source = (name: string) =>
    readPackage('The notebooks', notebooksDir, () => readFileSync(join(notebooksDir, `${name}.py`), 'utf8'))
  try {
    mkdirSync(directory, { recursive: true })
    return NOTEBOOKS.map((name) => {
      const path = join(directory, `${name}.ipynb`)
      writeFileSync(path, toIpynb(source(name), source))
      return path
    })
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (!code) throw error
    throw new UserError(
      `The notebooks cannot be written to ${directory}: ${message}`,
      'Name a folder that you may write to.',
      { cause: error },
    )
  }
}
