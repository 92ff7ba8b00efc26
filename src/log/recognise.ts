import {type PrefixMatcher, prefixMatcher} from './prefix.js'

const SEVERITY = /(?:LOG|ERROR|DETAIL|STATEMENT|HINT|CONTEXT|FATAL|PANIC|WARNING|NOTICE|INFO): {2}/
const LONGEST_PREFIX = 250
/** Share of the lines with a severity that a prefix must explain. */
const ENOUGH = 0.5
const SHAPES_TRIED = 6
const LINES = 1500

const ZONE = String.raw`(?: (?:[A-Z]{1,5}|[+-]\d\d(?::?\d\d)?)(?![A-Za-z0-9]))?`
/** What the parts of a prefix look like, in the order in which they are tried. */
const PARTS: [RegExp, string][] = [
  [new RegExp(String.raw`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}${ZONE}`, 'y'), '%m'],
  [new RegExp(String.raw`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d${ZONE}`, 'y'), '%t'],
  [/\d{10}\.\d{3}(?!\d)/y, '%n'],
  [/(?:\[local\]|\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}|::1)(?:\(\d+\))?/y, '%r'],
  [/[0-9a-f]{5,8}\.[0-9a-f]{1,7}(?![\w.])/y, '%c'],
  [/\d+\/\d+/y, '%v'],
  [/\[unknown\]/y, '%u'],
  [/\d+(?![\w.])/y, '%l'],
  [/[A-Za-z][\w ]*(?==)/y, ''],
  [/[\w.$]+/y, '%u'],
]

export type Recognised = {prefix: string; matcher: PrefixMatcher}

/**
 * The log_line_prefix that explains most of these lines; null when none explains enough of them. The answer has the
 * fields that matter here (time, session) right; names are all written as %u, other numbers as %l.
 */
export function recognisePrefix(sample: string): Recognised | null {
  const heads = sample
    .split('\n')
    .flatMap(line => {
      const at = line.startsWith('\t') ? -1 : line.slice(0, LONGEST_PREFIX).search(SEVERITY)
      return at < 0 ? [] : [line.slice(0, at)]
    })
    .slice(0, LINES)
  if (heads.length === 0) return null
  const shapes = new Map<string, number>()
  for (const head of heads) {
    const shape = shapeOf(head)
    shapes.set(shape, (shapes.get(shape) ?? 0) + 1)
  }
  const common = [...shapes].sort((a, b) => b[1] - a[1]).map(([shape]) => shape)
  const lines = heads.map(head => Buffer.from(`${head}LOG:  `))
  const tried = common.slice(0, SHAPES_TRIED).flatMap(shape => {
    const whole = withProcess(shape, heads)
    return [
      ...new Set([
        withStop(
          whole,
          common.map(other => withProcess(other, heads)),
        ),
        whole,
      ]),
    ]
  })
  const scored = tried.map(prefix => {
    const matcher = prefixMatcher(prefix)
    return {prefix, matcher, matched: lines.filter(line => matcher.match(line, 0, line.length)).length}
  })
  const best = scored.sort((a, b) => b.matched - a.matched)[0]!
  return best.matched >= ENOUGH * lines.length ? {prefix: best.prefix, matcher: best.matcher} : null
}

/** One line's prefix with its values replaced by escapes. */
function shapeOf(head: string): string {
  let shape = ''
  let at = 0
  const seen = new Set<string>()
  while (at < head.length) {
    const found = PARTS.map(([pattern, code]) => {
      pattern.lastIndex = at
      return {text: pattern.exec(head)?.[0] ?? '', code}
    }).find(({text}) => text !== '')
    const text = found?.text ?? head[at]!
    let code = found?.code || text.replaceAll('%', '%%')
    // The second time in a prefix is the session's start.
    if ((code === '%m' || code === '%t') && (seen.has('%m') || seen.has('%t'))) code = '%s'
    seen.add(code)
    shape += code
    at += text.length
  }
  // A name of several words is one name, and one that is empty here is not everywhere.
  return shape.replace(/%u(?: %u)+/g, '%u').replace(/=(?=[,;)\]| ]|$)/g, '=%u')
}

/** Which of the plain numbers is the process: the one in brackets or named so, else the one that repeats. */
function withProcess(shape: string, heads: string[]): string {
  const named = /(\[|\bp(?:id|roc|rocess)?[=:] ?)%l/i
  if (named.test(shape)) return shape.replace(named, (_, before: string) => `${before}%p`)
  const numbers = shape.split('%l').length - 1
  if (numbers === 0) return shape
  const rows = heads.filter(head => shapeOf(head) === shape).map(head => plainNumbers(head, shape))
  const repeats = Array.from({length: numbers}, (_, column) => {
    const values = rows.flatMap(row => row?.[column] ?? [])
    const zero = values.every(value => Number(value) === 0)
    return zero || new Set(values).size > Math.max(1, values.length / 2) ? 0 : 1
  })
  const column = Math.max(0, repeats.indexOf(1))
  let index = -1
  return shape.replaceAll('%l', code => {
    index += 1
    return index === column ? '%p' : code
  })
}

function plainNumbers(head: string, shape: string): string[] | null {
  const source = shape
    .split(/(%[a-z%])/)
    .map(part => (part === '%l' ? String.raw`(\d+)` : /^%[a-z]$/.test(part) ? '.*?' : escapeRegExp(part)))
  return new RegExp(`^${source.join('')}$`).exec(head)?.slice(1) ?? null
}

const escapeRegExp = (text: string) => text.replaceAll('%%', '%').replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** Processes that are no sessions stop at %q: there, where another shape of this log ends. */
function withStop(shape: string, others: string[]): string {
  const shorter = others
    .filter(other => other !== shape)
    .map(other => other.trimEnd())
    .filter(other => other !== '' && other.length < shape.length && shape.startsWith(other))
    .sort((a, b) => b.length - a.length)[0]
  if (shorter === undefined) return shape
  const spaces = /^ */.exec(shape.slice(shorter.length))![0].length
  const isSpaced = others.includes(`${shorter} `) && spaces > 0
  const at = shorter.length + (isSpaced ? 1 : 0)
  return `${shape.slice(0, at)}%q${shape.slice(at)}`
}
