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
  | { kind: 'member'; of: Expression; name: string /** `.`, `.?` or `!.` */; operator: string }
  /** `parent::child` of nested resources; the child's name alone. */
  | { kind: 'binary'; operator: string; left: Expression; right: Expression }
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
  decorators: Map<string, Expression[]>
}
export interface UserType extends Declaration {
  /** Type of each property. */
  properties: ReadonlyMap<string, string>
  /** Of properties that are not named; undefined: there may be none. */
  additional: string | undefined
}
/** `import { Tags } from '../types.bicep'` */
export interface Import {
  names: readonly string[]
  path: string
  line: number
}
export interface Output extends Declaration {
  type: string
  value: Expression
  decorators: Map<string, Expression[]>
}
/** A resource or a module: `[for item in items: if (condition) { body }]` in its full form. */
export interface Block extends Declaration {
  kind: 'resource' | 'module'
  /** `Microsoft.Storage/storageAccounts@2026-06-01`, or the module's path. */
  reference: string
  existing: boolean
  condition: Expression | undefined
  loop: { item: string; index: string | undefined; over: Expression } | undefined
  body: ObjectExpression
  decorators: Map<string, Expression[]>
}

export interface Template {
  file: string
  targetScope: string
  imports: Import[]
  types: UserType[]
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
    imports: [],
    types: [],
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
      if (value) template.variables.push({ name, line, value: expression(value), decorators })
      break
    case 'output_declaration':
      if (value)
        template.outputs.push({
          name,
          line,
          type: parts[1]?.text ?? '',
          value: expression(value),
          decorators,
        })
      break
    case 'resource_declaration':
    case 'module_declaration':
      if (value) template.blocks.push(...blocks(node, name, value, decorators))
      break
    case 'import_functionality': {
      const names = parts.filter(({ type }) => type === 'identifier').map(({ text }) => text)
      template.imports.push({ names, path: unquote(parts.at(-1)), line })
      break
    }
    case 'type_declaration':
      template.types.push(userType(name, line, parts[1]))
      break
    case 'target_scope_assignment':
      template.targetScope = unquote(parts[0])
      break
    default:
      template.findings.push({
        file: template.file,
        line,
        message: `${node.type} is not part of the subset in use`,
      })
  }
}

function userType(name: string, line: number, node: Node | undefined): UserType {
  const properties = new Map<string, string>()
  let additional: string | undefined
  for (const one of node?.type === 'object' ? named(node) : []) {
    const [first, second] = named(one)
    if (second) properties.set(unquote(first), second.text)
    else additional = first?.text
  }
  return { name, line, properties, additional }
}

/** The block, and the resources that are nested in it: each with its whole type and its parent. */
function blocks(
  node: Node,
  name: string,
  value: Node,
  decorators: Block['decorators'],
  above?: { name: string; reference: string },
): Block[] {
  const found = block(node, name, value, decorators)
  const own = above ? nestedIn(above, found) : found
  const body = value.type === 'object' ? named(value) : []
  const inner = body.flatMap((one) => named(one).filter(({ type }) => type === 'resource_declaration'))
  return [
    own,
    ...inner.flatMap((child) => {
      const parts = named(child)
      return blocks(child, parts[0]?.text ?? '', parts.at(-1) as Node, new Map(), own)
    }),
  ]
}

/** With its whole type, the version of what it lies in, and a parent, as if it stood by itself. */
function nestedIn(above: { name: string; reference: string }, own: Block): Block {
  const [type, version] = above.reference.split('@')
  const [inner, ownVersion = version] = own.reference.split('@')
  const { line } = own
  const parent = { name: 'parent', line, value: { kind: 'name', line, name: above.name } as const }
  const body = { ...own.body, properties: [parent, ...own.body.properties] }
  return { ...own, reference: `${type}/${inner}@${ownVersion}`, body }
}

function block(node: Node, name: string, value: Node, decorators: Block['decorators']): Block {
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
    decorators,
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
        properties: parts
          .filter((one) => named(one)[0]?.type !== 'resource_declaration')
          .map((property) => {
            const [name, value] = named(property)
            return { name: unquote(name), line: lineOf(property), value: expression(value as Node) }
          }),
      }
    case 'array':
      return { kind: 'array', line, items: parts.map(expression) }
    case 'member_expression':
      return { kind: 'member', line, of: at(0), name: parts[1]?.text ?? '', operator: operatorOf(node) }
    case 'resource_expression':
      return { kind: 'name', line, name: parts.at(-1)?.text ?? '' }
    case 'subscript_expression':
      return { kind: 'index', line, of: at(0), index: at(1) }
    case 'call_expression':
      return {
        kind: 'call',
        line,
        // The namespaces `az` and `sys` may stand before any function.
        name: (parts[0]?.text ?? '').replace(/^(?:az|sys)\./, ''),
        arguments: named(parts[1] as Node).map(expression),
      }
    case 'ternary_expression':
      return { kind: 'choice', line, condition: at(0), whenTrue: at(1), whenFalse: at(2) }
    case 'unary_expression':
      return { kind: 'not', line, operand: at(0) }
    case 'binary_expression':
      return { kind: 'binary', line, operator: operatorOf(node), left: at(0), right: at(1) }
    case 'parenthesized_expression':
      return at(0)
    default:
      throw new Error(`line ${line}: ${node.type} is not part of the subset in use`)
  }
}

/** What stands between the parts of an expression: `.`, `.?`, `!.`, `==`. */
const operatorOf = (node: Node): string =>
  node.children
    .filter(({ isNamed }) => !isNamed)
    .map(({ type }) => type)
    .join('')

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
                    : node.kind === 'binary'
                      ? [node.left, node.right]
                      : []
  for (const child of children) yield* walk(child)
}
