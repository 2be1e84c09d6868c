/** Bicep source → tree, and the rules of form that the grammar itself does not know. */
import { createRequire } from 'node:module'
import { Language, type Node, Parser } from 'web-tree-sitter'

export type { Node }

export interface Finding {
  file: string
  line: number
  message: string
}

const grammar = createRequire(import.meta.url).resolve('tree-sitter-bicep/tree-sitter-bicep.wasm')
await Parser.init()
const parser = new Parser()
parser.setLanguage(await Language.load(grammar))

export const lineOf = (node: Node) => node.startPosition.row + 1
/** Comments, and the lines that tell the compiler to be silent, mean nothing to a check. */
const isRemark = ({ type }: Node) => type === 'comment' || type === 'diagnostic_comment'
export const named = (node: Node) => node.namedChildren.filter((child) => !isRemark(child))

/** @returns the root, and what is wrong with the form. */
export function parse(file: string, source: string): { root: Node; findings: Finding[] } {
  const tree = parser.parse(source)
  if (!tree) throw new Error(`${file} could not be parsed`)
  const findings: Finding[] = []
  visit(tree.rootNode, (node) => {
    if (node.isError || node.isMissing)
      findings.push({ file, line: lineOf(node), message: `syntax error near ${node.text.slice(0, 40)}` })
  })
  if (findings.length === 0) findings.push(...sharedLines(file, tree.rootNode))
  return { root: tree.rootNode, findings }
}

export function visit(node: Node, act: (node: Node) => void): void {
  act(node)
  for (const child of node.children) visit(child, act)
}

/** The grammar ignores line ends, Bicep does not: statements, properties and items each need a line of their own. */
function sharedLines(file: string, root: Node): Finding[] {
  const findings: Finding[] = []
  visit(root, (node) => {
    for (const [before, here] of neighbours(node)) {
      if (before.endPosition.row !== here.startPosition.row) continue
      const what = here.text.slice(0, 40)
      findings.push({ file, line: lineOf(here), message: `${what} shares a line with what is before it` })
    }
    if (['parameter_declaration', 'variable_declaration', 'output_declaration'].includes(node.type)) {
      const [first, second] = node.children
      if (first && second && first.endPosition.row !== second.startPosition.row) {
        findings.push({ file, line: lineOf(second), message: 'a declaration begins on one line' })
      }
    }
  })
  return findings
}

/** Pairs that may not share a line: of properties and items those without a comma between them. */
function neighbours(node: Node): [Node, Node][] {
  const isLiteral = node.type === 'object' || node.type === 'array'
  const isList = node.type === 'infrastructure' || node.type === 'decorators'
  const parts = isLiteral ? node.children.filter((child) => !isRemark(child)) : isList ? named(node) : []
  return parts.slice(1).flatMap((here, index) => {
    const before = parts[index]
    const isPunctuation = [before, here].some((one) => one && /^[[\]{},]$/.test(one.type))
    return before && !isPunctuation ? [[before, here]] : []
  })
}
