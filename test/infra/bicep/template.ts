/** A Bicep file as declarations and expressions, without the grammar's details. */
import { type Finding, lineOf, type Node, named, parse } from './syntax.ts'

export type Expression = { line: number } & (
  | {
      kind: 'string' /** Undefined when it contains an interpolation. */
      value: string | undefined
      parts: Expression[]
      text: string
    }
  | { kind: 'number'; value: number }
  | { kind: 'boolean'; value: boolean }
  | { kind: 'null' }
  | ObjectExpression
  | { kind: 'array'; items: Expression[] }
  | { kind: 'name'; name: string }
  | { kind: 'member'; of: Expression; name: string }
  | { kind: 'index'; of: Expression; index: Expression }
  | { kind: 'call'; name: string; arguments: Expression[] }
  | { kind: 'choice'; condition: Expression; whenTrue: Expression; whenFalse: Expression }
  | { kind: 'not'; operand: Expression }
)
export interface ObjectExpression {
  kind: 'object'
  line: number
  properties: { name: string; line: number; value: Expression }[]
}

interface Declaration {
  name: string
  line: number
}
export interface Parameter extends Declaration {
  type: string
  default: Expression | undefined
  decorators: Map<string, Expression[]>
}
export interface Variable extends Declaration {
  value: Expression
}
export interface Output extends Declaration {
  type: string
  value: Expression
}
/** A resource or a module: `[for item in items: if (condition) { body }]` in its full form. */
export interface Block extends Declaration {
  kind: 'resource' | 'module'
  /** `Microsoft.Storage/storageAccounts@2025-01-01`, or the module's path. */
  reference: string
  existing: boolean
  condition: Expression | undefined
  loop: { item: string; index: string | undefined; over: Expression } | undefined
  body: ObjectExpression
}

export interface Template {
  file: string
  targetScope: string
  parameters: Parameter[]
  variables: Variable[]
  blocks: Block[]
  outputs: Output[]
  findings: Finding[]
}

export function readTemplate(file: string, source: string): Template {
  const { root, findings } = parse(file, source)
  const template: Template = {
    file,
    targetScope: 'resourceGroup',
    parameters: [],
    variables: [],
    blocks: [],
    outputs: [],
    findings,
  }
  if (findings.length > 0) return template
  let decorators = new Map<string, Expression[]>()
  for (const node of named(root)) {
    if (node.type === 'decorators') {
      decorators = new Map(named(node).map((one) => decorator(one)))
      continue
    }
    declare(template, node, decorators)
    decorators = new Map()
  }
  return template
}

function declare(template: Template, node: Node, decorators: Map<string, Expression[]>): void {
  const parts = named(node)
  const name = parts[0]?.text ?? ''
  const line = lineOf(node)
  // `= value` stands last when there is a value at all.
  const value = node.children.some((child) => child.type === '=') ? parts.at(-1) : undefined
  switch (node.type) {
    case 'parameter_declaration':
      template.parameters.push({
        name,
        line,
        type: parts[1]?.text ?? '',
        default: value && expression(value),
        decorators,
      })
      break
    case 'variable_declaration':
      if (value) template.variables.push({ name, line, value: expression(value) })
      break
    case 'output_declaration':
      if (value) template.outputs.push({ name, line, type: parts[1]?.text ?? '', value: expression(value) })
      break
    case 'resource_declaration':
    case 'module_declaration':
      if (value) template.blocks.push(block(node, name, value))
      break
    default:
      if (/^targetScope\b/.test(node.text)) template.targetScope = /'(.*)'/.exec(node.text)?.[1] ?? ''
      else
        template.findings.push({
          file: template.file,
          line,
          message: `${node.type} is not part of the subset in use`,
        })
  }
}

function block(node: Node, name: string, value: Node): Block {
  let inner = value
  let loop: Block['loop']
  let condition: Expression | undefined
  if (inner.type === 'for_statement') {
    const parts = named(inner)
    const header = parts[0]
    const [item, index] = header && header.type === 'for_loop_parameters' ? named(header) : [header]
    loop = { item: item?.text ?? '', index: index?.text, over: expression(parts[1] as Node) }
    inner = parts.at(-1) as Node
  }
  if (inner.type === 'if_statement') {
    const [test, body] = named(inner)
    condition = expression(test as Node)
    inner = body as Node
  }
  return {
    kind: node.type === 'resource_declaration' ? 'resource' : 'module',
    name,
    line: lineOf(node),
    reference: unquote(named(node)[1]),
    existing: node.children.some((child) => child.type === 'existing'),
    condition,
    loop,
    body: expression(inner) as ObjectExpression,
  }
}

const unquote = (node: Node | undefined) => node?.text.replace(/^'|'$/g, '') ?? ''

function decorator(node: Node): [string, Expression[]] {
  const call = expression(named(node)[0] as Node)
  return call.kind === 'call' ? [call.name, call.arguments] : ['', []]
}

function expression(node: Node): Expression {
  const line = lineOf(node)
  const parts = named(node)
  const at = (index: number) => expression(parts[index] as Node)
  switch (node.type) {
    case 'string': {
      const inner = parts
        .filter((part) => part.type === 'interpolation')
        .map((part) => expression(named(part)[0] as Node))
      return {
        kind: 'string',
        line,
        value: inner.length > 0 ? undefined : unquote(node),
        parts: inner,
        text: unquote(node),
      }
    }
    case 'number':
      return { kind: 'number', line, value: Number(node.text) }
    case 'boolean':
      return { kind: 'boolean', line, value: node.text === 'true' }
    case 'null':
      return { kind: 'null', line }
    case 'identifier':
    case 'property_identifier':
      return { kind: 'name', line, name: node.text }
    case 'object':
      return {
        kind: 'object',
        line,
        properties: parts.map((property) => {
          const [name, value] = named(property)
          return { name: unquote(name), line: lineOf(property), value: expression(value as Node) }
        }),
      }
    case 'array':
      return { kind: 'array', line, items: parts.map(expression) }
    case 'member_expression':
      return { kind: 'member', line, of: at(0), name: parts[1]?.text ?? '' }
    case 'subscript_expression':
      return { kind: 'index', line, of: at(0), index: at(1) }
    case 'call_expression':
      return {
        kind: 'call',
        line,
        name: parts[0]?.text ?? '',
        arguments: named(parts[1] as Node).map(expression),
      }
    case 'ternary_expression':
      return { kind: 'choice', line, condition: at(0), whenTrue: at(1), whenFalse: at(2) }
    case 'unary_expression':
      return { kind: 'not', line, operand: at(0) }
    case 'parenthesized_expression':
      return at(0)
    default:
      throw new Error(`line ${line}: ${node.type} is not part of the subset in use`)
  }
}

/** The value of a property along a path, if every step is an object. */
export function property(object: Expression | undefined, ...path: string[]): Expression | undefined {
  return path.reduce<Expression | undefined>(
    (node, name) =>
      node?.kind === 'object' ? node.properties.find((one) => one.name === name)?.value : undefined,
    object,
  )
}

/** Every expression in the given one, itself included. */
export function* walk(node: Expression): Generator<Expression> {
  yield node
  const children: Expression[] =
    node.kind === 'string'
      ? node.parts
      : node.kind === 'object'
        ? node.properties.map((one) => one.value)
        : node.kind === 'array'
          ? node.items
          : node.kind === 'member'
            ? [node.of]
            : node.kind === 'index'
              ? [node.of, node.index]
              : node.kind === 'call'
                ? node.arguments
                : node.kind === 'choice'
                  ? [node.condition, node.whenTrue, node.whenFalse]
                  : node.kind === 'not'
                    ? [node.operand]
                    : []
  for (const child of children) yield* walk(child)
}
