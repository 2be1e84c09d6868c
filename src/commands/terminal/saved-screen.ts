/** Writes what stands on the screen to files, named by the second. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { UnwritableFileError } from '../../local/storage/naming-file.ts'
import { type ActionResult, accepted, refused } from '../../pipeline/state/actions.ts'
import type { ScreenFile } from '../../ui/app/screen-files.ts'

/** In one line for a person. */
export function saveScreen(folder: string, files: readonly ScreenFile[]): ActionResult {
  const name = `screen-${new Date().toISOString().slice(0, 19).replaceAll(':', '')}`
  try {
    for (const { extension, content } of files) writeFileSync(join(folder, `${name}.${extension}`), content)
    // The name first: where the window is narrow, the folder's end is cut.
    return accepted(`Saved ${name}.txt, .ansi and .svg in ${folder}`)
  } catch (error) {
    const { message } = new UnwritableFileError(folder, error)
    return refused(
      `The screen could not be saved: ${message} Make room there, or choose another place with --data-dir.`,
    )
  }
}
