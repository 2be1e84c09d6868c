/** Databricks' source format → the cells of a notebook. */
import type { NotebookCell } from './synapse.ts'

const HEADER = /^# Databricks notebook source\r?\n/
const SEPARATOR = /\r?\n?# COMMAND -{10}\r?\n/
const MAGIC = /^# MAGIC ?/gm

/** In a Markdown cell every line starts with `# MAGIC`, the first with `# MAGIC %md`. */
export function notebookCells(source: string): NotebookCell[] {
  return source
    .replace(HEADER, '')
    .split(SEPARATOR)
    .map((text) => text.trim())
    .filter((text) => text !== '')
    .map((text): NotebookCell => {
      if (!/^# MAGIC %md/.test(text)) return { kind: 'code', source: text }
      return { kind: 'markdown', source: text.replace(MAGIC, '').replace(/^%md\s*/, '') }
    })
}

/**
 * Two cells to put first: Synapse overrides the values of the first with the pipeline's; the second copies
 * them to the environment, where the notebook reads them on every platform.
 */
export function parameterCells(parameters: Readonly<Record<string, string>>): NotebookCell[] {
  const names = Object.keys(parameters)
  const declarations = names.map((name) => `${name} = ${JSON.stringify(parameters[name])}`)
  const exports = names.map((name) => `os.environ[${JSON.stringify(name)}] = ${name}`)
  return [
    { kind: 'code', isParameters: true, source: declarations.join('\n') },
    { kind: 'code', source: ['import os', '', ...exports].join('\n') },
  ]
}
