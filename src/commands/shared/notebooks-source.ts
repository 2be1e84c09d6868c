/** The notebooks as text: their shared modules put in place of imports, and the `.ipynb` form for importing by hand. */
import { notebookCells } from '../../azure/provisioning/notebook-cells.ts'

/** Text of a shared module by its name, e.g. `rtstream_lake`. */
export type ModuleSource = (name: string) => string

const IMPORT = /^from (rtstream_\w+) import .+\n/gm
const GENERATED = /^(# generated: (rtstream_\w+)\.py\n)[\s\S]*?^(# end of generated code\n)/gm
const COMMAND = '# COMMAND ----------'

/** Fills what stands between `# generated: MODULE.py` and `# end of generated code` with the module's text. */
export function withGeneratedCode(notebook: string, moduleSource: ModuleSource): string {
  return notebook.replace(
    GENERATED,
    (_, head: string, name: string, end: string) => head + moduleSource(name) + end,
  )
}

/** A notebook that needs no file beside it: each import of a shared module becomes a cell with the module's text. */
function selfContained(notebook: string, moduleSource: ModuleSource): string {
  const modules = [...notebook.matchAll(IMPORT)].map(([, name]) => name as string)
  if (modules.length === 0) return notebook
  const cells = modules.map((name) => `# ${name}.py\n${moduleSource(name)}\n${COMMAND}\n\n`)
  const without = notebook.replace(IMPORT, '')
  // Before the cell that had the imports: it uses what they define.
  const cell = without.lastIndexOf(COMMAND, notebook.search(IMPORT)) + COMMAND.length
  return `${without.slice(0, cell)}\n\n${cells.join('')}${without.slice(cell).trimStart()}`
}

/** The first cell of an exported notebook. What is left empty has its default. */
const PARAMETERS = `import os

# The lake: abfss://{container}@ACCOUNT.dfs.core.windows.net, with your storage account and {container} as it stands.
os.environ.setdefault("RTSTREAM_LAKE_ROOT", "")`

/** Jupyter's form (nbformat 4.5) of a notebook in Databricks' source format. */
export function toIpynb(notebook: string, moduleSource: ModuleSource): string {
  const [title, ...rest] = notebookCells(selfContained(notebook, moduleSource))
  const cells = [title, { kind: 'code' as const, source: PARAMETERS }, ...rest].filter(
    (cell) => cell !== undefined,
  )
  const json = {
    cells: cells.map(({ kind, source }, index) => ({
      cell_type: kind,
      id: `cell-${index + 1}`,
      metadata: {},
      source: source.split(/(?<=\n)/),
      ...(kind === 'code' && { execution_count: null, outputs: [] }),
    })),
    metadata: {
      kernelspec: { display_name: 'Python 3', language: 'python', name: 'python3' },
      language_info: { name: 'python' },
    },
    nbformat: 4,
    nbformat_minor: 5,
  }
  return `${JSON.stringify(json, null, 1)}\n`
}
