import type { NotebookName } from '../engine/api/engine.ts'

const NAME = /(?:^|[-_ /])(silver|gold|aggregate)(?:\.(?:py|ipynb))?$/i

/**
 * Which of the engine's notebooks a path or name means: `/Shared/rtstream-tui/silver`, `rtstream-aggregate`.
 * @returns undefined for any other.
 */
export function notebookAt(path: string): NotebookName | undefined {
  return NAME.exec(path)?.[1]?.toLowerCase() as NotebookName | undefined
}
