/** What names refer to: circles, values that are known too late, and slips that leave a template valid. */
import type { Finding } from './syntax.ts'
import {
  type Block,
  type Expression,
  type ObjectExpression,
  property,
  type Template,
  walk,
} from './template.ts'

/** Findings that must be made before types are worked out: a circle would have no end. */
export function checkNames(template: Template): Finding[] {
  const findings: Finding[] = []
  const report = (line: number, message: string) => findings.push({ file: template.file, line, message })
  circles(template, report)
  if (findings.length > 0) return findings
  scopes(template, report)
  decorators(template, report)
  for (const node of expressions(template)) {
    if (node.kind === 'object') repeated(node, report)
    if (node.kind === 'string') slips(node, template, report)
  }
  for (const block of template.blocks) {
    lateName(block, template, report)
    repeatedItems(block, template, report)
    looseOutputs(block, template, report)
  }
  for (const { value, line } of template.outputs) conditional(value, template, report, line)
  return findings
}

type Report = (line: number, message: string) => unknown

const bodyOf = (block: Block): Expression[] => [
  block.body,
  ...(block.condition ? [block.condition] : []),
  ...(block.loop ? [block.loop.over] : []),
]

function* expressions(template: Template): Generator<Expression> {
  const roots = [
    ...template.parameters.flatMap((one) => one.default ?? []),
    ...template.variables.map(({ value }) => value),
    ...template.blocks.flatMap(bodyOf),
    ...template.outputs.map(({ value }) => value),
  ]
  for (const root of roots) yield* walk(root)
}

const namesIn = (nodes: readonly Expression[]): string[] =>
  nodes.flatMap((node) => [...walk(node)].flatMap((one) => (one.kind === 'name' ? one.name : [])))

/** Blocks and variables that need each other, or themselves. */
function circles(template: Template, report: Report): void {
  const needs = new Map<string, readonly string[]>([
    ...template.variables.map(({ name, value }) => [name, namesIn([value])] as const),
    ...template.blocks.map(
      (block) =>
        [
          block.name,
          namesIn(bodyOf(block)).filter((name) => name !== block.loop?.item && name !== block.loop?.index),
        ] as const,
    ),
  ])
  const done = new Set<string>()
  const visit = (name: string, above: readonly string[]): string[] | undefined => {
    if (above.includes(name)) return [...above.slice(above.indexOf(name)), name]
    if (done.has(name)) return undefined
    for (const next of needs.get(name) ?? []) {
      const circle = visit(next, [...above, name])
      if (circle) return circle
    }
    done.add(name)
    return undefined
  }
  for (const { name, line } of [...template.variables, ...template.blocks]) {
    const circle = visit(name, [])
    if (!circle) continue
    report(line, `a circle: ${circle.join(' → ')}`)
    return
  }
}

const SCOPES = ['resourceGroup', 'subscription', 'managementGroup', 'tenant']

function scopes({ targetScope, blocks }: Template, report: Report): void {
  if (!SCOPES.includes(targetScope)) report(1, `targetScope '${targetScope}' is none of ${SCOPES.join(', ')}`)
  const group = blocks.find(({ reference }) => reference.startsWith('Microsoft.Resources/resourceGroups@'))
  if (group && targetScope !== 'subscription')
    report(group.line, "a resource group needs targetScope = 'subscription'")
}

type Target = 'parameter' | 'variable' | 'block' | 'output'

interface DecoratorRule {
  on: readonly Target[]
  /** Of its arguments, in order. */
  takes: readonly Expression['kind'][]
  /** Types of a parameter that it fits; undefined: all. */
  types?: readonly string[]
}

const DECORATORS: Readonly<Record<string, DecoratorRule>> = {
  allowed: { on: ['parameter'], takes: ['array'] },
  batchSize: { on: ['block'], takes: ['number'] },
  description: { on: ['parameter', 'variable', 'block', 'output'], takes: ['string'] },
  export: { on: ['variable'], takes: [] },
  maxLength: { on: ['parameter', 'output'], takes: ['number'], types: ['string', 'array'] },
  maxValue: { on: ['parameter', 'output'], takes: ['number'], types: ['int'] },
  metadata: { on: ['parameter', 'output'], takes: ['object'] },
  minLength: { on: ['parameter', 'output'], takes: ['number'], types: ['string', 'array'] },
  minValue: { on: ['parameter', 'output'], takes: ['number'], types: ['int'] },
  secure: { on: ['parameter', 'output'], takes: [], types: ['string', 'object'] },
}

function decorators(template: Template, report: Report): void {
  const check = (
    target: Target,
    { name, line, decorators: found }: { name: string; line: number; decorators: Map<string, Expression[]> },
    type: string | undefined,
  ) => {
    for (const [decorator, given] of found) {
      const rule = Object.hasOwn(DECORATORS, decorator) ? DECORATORS[decorator] : undefined
      if (!rule) report(line, `there is no decorator @${decorator}`)
      else if (!rule.on.includes(target)) report(line, `@${decorator} has no place on a ${target} (${name})`)
      else if (given.length !== rule.takes.length || given.some(({ kind }, at) => kind !== rule.takes[at]))
        report(line, `@${decorator} takes ${rule.takes.join(', ') || 'nothing'} (${name})`)
      else if (type !== undefined && rule.types && !rule.types.includes(type.replace(/.*\[\]$/, 'array')))
        report(line, `@${decorator} does not fit the type ${type} of ${name}`)
      else if (decorator === 'allowed' && given[0]?.kind === 'array')
        allowedValues(name, type, given[0].items, line)
    }
  }
  const allowedValues = (
    name: string,
    type: string | undefined,
    items: readonly Expression[],
    line: number,
  ) => {
    const kind = { string: 'string', int: 'number', bool: 'boolean' }[type ?? '']
    if (kind !== undefined && items.some((item) => item.kind !== kind))
      report(line, `@allowed of ${name} is no ${type}`)
    const texts = items.map((item) => JSON.stringify({ ...item, line: 0 }))
    if (items.length === 0 || new Set(texts).size < texts.length)
      report(line, `@allowed of ${name} is empty or repeats`)
  }
  for (const one of template.parameters) check('parameter', one, one.type)
  for (const one of template.variables) check('variable', one, undefined)
  for (const one of template.blocks) check('block', one, undefined)
  for (const one of template.outputs) check('output', one, one.type)
  for (const one of template.parameters) {
    const number = (name: string) => {
      const [given] = one.decorators.get(name) ?? []
      return given?.kind === 'number' ? given.value : undefined
    }
    for (const [least, most] of [
      [number('minLength'), number('maxLength')],
      [number('minValue'), number('maxValue')],
    ])
      if (least !== undefined && most !== undefined && least > most)
        report(one.line, `the bounds of ${one.name} leave nothing`)
  }
}

function repeated({ properties }: ObjectExpression, report: Report): void {
  for (const [index, { name, line }] of properties.entries())
    if (properties.findIndex((one) => one.name === name) !== index) report(line, `${name} is given twice`)
}

/** Valid, and never meant: a parameter's name in quotes, braces that lost their dollar. */
function slips({ text, line }: Expression & { kind: 'string' }, template: Template, report: Report): void {
  const known = [...template.parameters, ...template.variables, ...template.blocks].map(({ name }) => name)
  if (template.parameters.some(({ name }) => name === text))
    report(line, `'${text}' is the name of a parameter in quotes`)
  const lost = [...text.matchAll(/(?<!\$)\{(\w+)\}/g)].find(([, name]) => known.includes(name ?? ''))
  if (lost) report(line, `${lost[0]} in '${text}' lacks its $`)
}

/** Known before anything is deployed. */
const EARLY = ['id', 'name', 'type', 'apiVersion']

/** Whether an expression's value exists only once something else is deployed. */
export function isLate(node: Expression, template: Template): boolean {
  for (const one of walk(node)) {
    if (one.kind === 'name') {
      const variable = template.variables.find(({ name }) => name === one.name)
      if (variable && isLate(variable.value, template)) return true
    }
    if (one.kind !== 'member') continue
    const root = one.of.kind === 'index' ? one.of.of : one.of
    const block = root.kind === 'name' ? template.blocks.find(({ name }) => name === root.name) : undefined
    if (block && (block.kind === 'module' ? one.name === 'outputs' : !EARLY.includes(one.name))) return true
  }
  return false
}

/** Azure wants every name before it begins. */
function lateName(block: Block, template: Template, report: Report): void {
  const early = [property(block.body, 'name'), block.condition, block.loop?.over]
  for (const node of early)
    if (node && isLate(node, template))
      report(node.line, `${block.name}: known only once something else is deployed`)
  const name = property(block.body, 'name')
  if (name?.kind === 'string' && /^\s|\s$/.test(name.text))
    report(name.line, `${block.name}: its name begins or ends with a blank`)
}

/** Two turns of a loop that make a thing of one name. */
function repeatedItems(block: Block, template: Template, report: Report): void {
  const over = block.loop?.over
  const list = over?.kind === 'name' ? template.variables.find(({ name }) => name === over.name)?.value : over
  const name = property(block.body, 'name')
  if (list?.kind !== 'array' || !name) return
  const used = [...walk(name)]
  const fields = used.flatMap((one) =>
    one.kind === 'member' && one.of.kind === 'name' && one.of.name === block.loop?.item ? one.name : [],
  )
  const whole = used.some(
    (one) => one.kind === 'name' && (one.name === block.loop?.item || one.name === block.loop?.index),
  )
  if (!whole && list.items.length > 1) {
    report(name.line, `${block.name}: every turn makes a thing of the same name`)
    return
  }
  const texts = list.items.map((item) =>
    JSON.stringify(fields.length > 0 ? fields.map((field) => property(item, field)) : item, (key, value) =>
      key === 'line' ? 0 : value,
    ),
  )
  if (new Set(texts).size < texts.length)
    report(list.line, `${block.name}: two turns make a thing of one name`)
}

/** A module that may not be there is asked only where it is there, and the compiler is told so with `!` or `.?`. */
function conditional(
  node: Expression,
  template: Template,
  report: Report,
  line: number,
  given: readonly string[] = [],
): void {
  if (node.kind === 'choice') {
    const known = node.condition.kind === 'name' ? [...given, node.condition.name] : given
    conditional(node.condition, template, report, line, given)
    conditional(node.whenTrue, template, report, line, known)
    conditional(node.whenFalse, template, report, line, given)
    return
  }
  if (node.kind === 'binary' && node.operator === '??') {
    // `a.?b ?? c`: absence is answered by the right side.
    conditional(node.right, template, report, line, given)
    if ([...walk(node.left)].some((one) => one.kind === 'member' && one.operator === '.?')) return
  }
  for (const one of walk(node)) {
    if (one.kind !== 'member' || one.of.kind !== 'name') continue
    const { name } = one.of
    const block = template.blocks.find((found) => found.name === name && found.condition)
    if (!block?.condition) continue
    const isKnown = block.condition.kind === 'name' && given.includes(block.condition.name)
    if (one.operator === '.' || !isKnown) report(line, `${name} may not be there`)
  }
}

function looseOutputs(block: Block, template: Template, report: Report): void {
  if (!block.condition) conditional(block.body, template, report, block.line)
}
