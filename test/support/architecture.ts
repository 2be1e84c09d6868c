/** Reads the imports of a source tree and holds them against the rules of docs/architecture.md. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'

/** One import, as it stands in a file. */
export interface Import {
  /** Relative to the tree, with forward slashes. */
  file: string
  /** A file of the tree, or `package:NAME`. */
  target: string
}

export interface Rules {
  /** What each top-level room may import from the others; a place is a folder or a file. */
  allowed: Record<string, readonly string[]>
  /** Packages that a room must not import. */
  forbiddenPackages: Record<string, RegExp>
  /** Packages, by the beginning of their names, whose inside one room alone may know. */
  packageRooms: Record<string, string>
  /** Files side by side in one folder, at most. */
  filesPerFolder: number
}

const IMPORT = /(?:\bfrom\s+|^\s*import\s+|\bimport\(\s*)['"]([^'"]+)['"]/gm

const slashed = (path: string) => path.split(sep).join('/')

/** All source files of a tree, relative to it. */
export function sourceFiles(tree: string): string[] {
  return readdirSync(tree, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => slashed(relative(tree, join(entry.parentPath, entry.name))))
}

export function importsIn(tree: string, file: string, text: string): Import[] {
  return [...text.matchAll(IMPORT)].map((match) => {
    const specifier = match[1] as string
    const isOurs = specifier.startsWith('.')
    const target = isOurs
      ? slashed(relative(tree, resolve(tree, dirname(file), specifier)))
      : `package:${specifier}`
    return { file, target }
  })
}

export const importsOf = (tree: string): Import[] =>
  sourceFiles(tree).flatMap((file) => importsIn(tree, file, readFileSync(join(tree, file), 'utf8')))

const isInside = (path: string, place: string) => path === place || path.startsWith(`${place}/`)

/** @returns one line for each broken rule; none: the house stands. */
export function violations(imports: readonly Import[], files: readonly string[], rules: Rules): string[] {
  return [
    ...forbiddenArrows(imports, rules),
    ...forbiddenPackages(imports, rules),
    ...packagesOutOfTheirRoom(imports, rules),
    ...circles(imports).map((circle) => `circle: ${circle.join(' → ')}`),
    ...circles(betweenRooms(imports)).map((circle) => `circle of rooms: ${circle.join(' → ')}`),
    ...fullFolders(files, rules.filesPerFolder),
  ]
}

function forbiddenArrows(imports: readonly Import[], { allowed }: Rules): string[] {
  const rooms = Object.keys(allowed)
  return imports
    .filter(({ target }) => !target.startsWith('package:'))
    .filter(({ file, target }) => {
      const room = file.split('/')[0] as string
      if (!rooms.includes(room)) return true
      return ![room, ...(allowed[room] ?? [])].some((place) => isInside(target, place))
    })
    .map(({ file, target }) => `${file} must not import ${target}`)
}

function forbiddenPackages(imports: readonly Import[], rules: Rules): string[] {
  return imports
    .filter(({ file, target }) => {
      const pattern = rules.forbiddenPackages[file.split('/')[0] as string]
      return target.startsWith('package:') && pattern?.test(target.slice('package:'.length))
    })
    .map(({ file, target }) => `${file} must not import ${target}`)
}

function packagesOutOfTheirRoom(imports: readonly Import[], { packageRooms }: Rules): string[] {
  return imports.flatMap(({ file, target }) =>
    Object.entries(packageRooms)
      .filter(([name, room]) => target.startsWith(`package:${name}`) && !isInside(file, room))
      .map(([, room]) => `${file} must not import ${target}: ${room} alone may`),
  )
}

/** The same imports between folders; those inside one folder are left out. */
const betweenRooms = (imports: readonly Import[]): Import[] =>
  imports
    .filter(({ target }) => !target.startsWith('package:'))
    .map(({ file, target }) => ({ file: dirname(file), target: dirname(target) }))
    .filter(({ file, target }) => file !== target && file !== '.')

/** Each circle once, by the files on its way. */
function circles(imports: readonly Import[]): string[][] {
  const arrows = new Map<string, Set<string>>()
  for (const { file, target } of imports) {
    if (target.startsWith('package:')) continue
    arrows.set(file, (arrows.get(file) ?? new Set()).add(target))
  }
  const found: string[][] = []
  const done = new Set<string>()
  const way: string[] = []
  const visit = (node: string) => {
    const at = way.indexOf(node)
    if (at >= 0) found.push([...way.slice(at), node])
    if (at >= 0 || done.has(node)) return
    way.push(node)
    for (const next of arrows.get(node) ?? []) visit(next)
    way.pop()
    done.add(node)
  }
  for (const node of arrows.keys()) visit(node)
  return found
}

function fullFolders(files: readonly string[], most: number): string[] {
  const counts = new Map<string, number>()
  for (const file of files) counts.set(dirname(file), (counts.get(dirname(file)) ?? 0) + 1)
  return [...counts]
    .filter(([, count]) => count > most)
    .map(([folder, count]) => `${folder} holds ${count} files`)
}
