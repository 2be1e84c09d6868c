/** Small mistakes, one at a time, that a person could make in a template. */

export interface Mutation {
  file: string
  line: number
  what: string
  source: string
}

/** Drops the middle letter: a slip of the finger that changes the word and nothing else. */
const misspell = (word: string) => word.slice(0, word.length >> 1) + word.slice((word.length >> 1) + 1)

interface Kind {
  what: string
  /** Finds the words to corrupt in a line; group 1 is the word. */
  pattern: RegExp
  skip?: RegExp
}

const KINDS: readonly Kind[] = [
  { what: 'property name', pattern: /^\s*'?([a-zA-Z-]{3,})'?:/g },
  { what: 'resource type or version', pattern: /'(Microsoft\.[\w./@-]+)'/g },
  { what: 'module path', pattern: /^module \w+ '([\w./-]+)'/g },
  {
    what: 'member',
    pattern: /\.([a-zA-Z]{2,})\b(?![./'@])/g,
    skip: /'Microsoft|loadTextContent|^module|\/\//,
  },
  { what: 'name', pattern: /[:(,=]\s+?([a-zA-Z]{3,})\b(?![('])/g, skip: /^\s*\/\/|\b(true|false)$/ },
  {
    what: 'keyword or function',
    pattern:
      /\b(resource|param|var|module|existing|guid|empty|loadTextContent|uniqueString|subscriptionResourceId)\b/g,
    skip: /^\s*\/\//,
  },
  { what: 'literal', pattern: /^\s*(?:[a-zA-Z]+: )?'([^']+)'$/g },
  { what: 'literal', pattern: /: (\d+)$/g },
]

/** Every mutation of a file. Comments and descriptions are left alone. */
export function mutations(file: string, source: string): Mutation[] {
  const lines = source.split('\n')
  const found: Mutation[] = []
  const add = (index: number, what: string, replacement: string | undefined) => {
    const changed = [...lines]
    changed.splice(index, 1, ...(replacement === undefined ? [] : [replacement]))
    found.push({ file, line: index + 1, what, source: changed.join('\n') })
  }
  for (const [index, line] of lines.entries()) {
    if (/^\s*\/\/|^@description/.test(line)) continue
    for (const { what, pattern, skip } of KINDS) {
      if (skip?.test(line)) continue
      for (const match of line.matchAll(pattern)) {
        const word = match[1] ?? ''
        const at = match.index + match[0].indexOf(word)
        const corrupted = /^\d+$/.test(word) ? String(Number(word) + 1) : misspell(word)
        if (['true', 'false', 'null'].includes(word)) continue
        add(
          index,
          `${what} ${word} → ${corrupted}`,
          line.slice(0, at) + corrupted + line.slice(at + word.length),
        )
      }
    }
    if (/: (true|false)$/.test(line)) {
      add(
        index,
        'flag turned',
        line.replace(/(true|false)$/, (word) => String(word !== 'true')),
      )
    }
    // A property of one line left out.
    if (/^\s+[\w'-]+: [^{[]+$/.test(line)) add(index, `left out: ${line.trim()}`, undefined)
    // An object may begin on the line of its brace.
    if (/^\s+[\w'-]+: .*[^{[]$/.test(line) && /^\s+[\w'-]+:/.test(lines[index + 1] ?? '')) {
      const changed = [...lines]
      changed.splice(index, 2, `${line} ${lines[index + 1]?.trim()}`)
      found.push({ file, line: index + 1, what: 'joined with the next line', source: changed.join('\n') })
    }
  }
  return found
}
