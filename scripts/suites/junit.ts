/** Reports in JUnit's form, as pytest and Java's runners write them. */
import type { SuiteResult } from './suite.ts'

const MOST_CHARACTERS = 300

/** @param xml the whole report. */
export function testsIn(xml: string): SuiteResult[] {
  return [...xml.matchAll(/<testcase ([^>]*?)(?:\/>|>([\s\S]*?)<\/testcase>)/g)].map(
    ([, attributes = '', inside = '']) => {
      const [, kind, more = ''] = /<(failure|error|skipped)\b([^>]*)>/.exec(inside) ?? []
      return {
        test: `${attribute(attributes, 'classname').split('.').at(-1)}.${attribute(attributes, 'name')}`,
        outcome: kind === undefined ? 'passed' : kind === 'skipped' ? 'skipped' : 'failed',
        message: attribute(more, 'message').slice(0, MOST_CHARACTERS),
      }
    },
  )
}

const attribute = (text: string, name: string): string =>
  (new RegExp(`\\b${name}="([^"]*)"`).exec(text)?.[1] ?? '')
    .replaceAll('&#10;', ' ')
    .replaceAll('&quot;', '"')
