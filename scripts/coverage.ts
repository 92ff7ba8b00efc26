// docs/coverage.md: what the public tools look for, and which rule of ours answers it - or why none can.
import {existsSync, readdirSync} from 'node:fs'
import {join} from 'node:path'
import {formatQuantity} from '../src/config/quantity.js'
import type {Rule} from '../src/rule.js'
import data from './peers.json' with {type: 'json'}

/** What public tools look for: rules that answer it, and the parts that cannot be judged, with the reason. */
export type PeerCheck = {
  check: string
  peers: string[]
  rules?: string[]
  notJudged?: {what: string; reason: string}[]
}
export type Peers = {peers: Record<string, string>; checks: PeerCheck[]}

const KNOWN: Peers = data

/** Rows without an answer, and codes that nobody explains; empty when all is well. */
export function coverageProblems(rules: Rule[], {peers, checks}: Peers = KNOWN): string[] {
  const ids = new Set(rules.map(({id}) => id))
  const used = [
    ...checks.map(({check, peers: codes}) => ({where: `"${check}"`, codes})),
    ...rules.map(({id, peers: codes = []}) => ({where: id, codes})),
  ]
  return [
    ...checks.flatMap(({check, rules: wanted = [], notJudged = []}) => [
      ...wanted
        .filter(id => !ids.has(id))
        .map(id => `scripts/peers.json: "${check}" names ${id}, which does not exist`),
      ...(wanted.length + notJudged.length === 0 ? [`scripts/peers.json: "${check}" has neither rule nor reason`] : []),
    ]),
    ...used.flatMap(({where, codes}) =>
      codes.filter(code => !(code in peers)).map(code => `${where}: ${code} stands for no tool in scripts/peers.json`),
    ),
  ]
}

/** The page. */
export function coverage(rules: Rule[], root: string, {peers, checks}: Peers = KNOWN): string {
  const byId = new Map(rules.map(rule => [rule.id, rule]))
  const named = new Set(checks.flatMap(({rules: wanted = []}) => wanted))
  const answered = checks.flatMap(({check, peers: codes, rules: wanted = []}) =>
    wanted.map((id, at) => row([...(at === 0 ? [check, codes.join(', ')] : ['', '']), ...cells(id, byId, root)])),
  )
  const notJudged = checks.flatMap(({peers: codes, notJudged: parts = []}) =>
    parts.map(({what, reason}) => row([what, codes.join(', '), reason])),
  )
  const own = rules.filter(({id}) => !named.has(id)).map(({id}) => row(cells(id, byId, root)))
  const parts = [
    '# Coverage',
    'What the public tools for PostgreSQL look for, and what answers it here. Behind every rule stands a lab: a real\n' +
      'server with the problem, on which the rule fires, its printed fix is applied, and the rule is satisfied.',
    table(['check', 'looked for by', 'our rule', 'our thresholds', 'our lab'], answered),
    '## Not judged',
    table(['what', 'looked for by', 'why not'], notJudged),
    '## Rules beside these',
    table(['our rule', 'our thresholds', 'our lab'], own),
    '## The tools',
    table(['code', 'tool'], Object.entries(peers).map(row)),
  ]
  return `${parts.join('\n\n')}\n`
}

function cells(id: string, byId: Map<string, Rule>, root: string): string[] {
  const rule = byId.get(id)
  if (!rule) return [`${id} (missing)`, '', '']
  const [first, ...more] = labsOf(id, root)
  const others = more.length > 0 ? ` and ${more.length} more` : ''
  return [`[${id}](rules/${id}.md)`, thresholds(rule), first ? `[lab](../fixtures/labs/${first}.ts)${others}` : 'none']
}

function thresholds({options}: Rule): string {
  const numbers = Object.entries(options).filter(([, {unit}]) => unit !== 'names')
  return numbers.map(([name, {default: value, unit}]) => `${name} ${formatQuantity(value, unit)}`).join(', ') || 'none'
}

/** `category/name` and its variants `category/name.variant`, the plain one first. */
function labsOf(id: string, root: string): string[] {
  const [category = '', name] = id.split('/')
  const folder = join(root, 'fixtures', 'labs', category)
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .map(file => file.replace(/\.ts$/, ''))
    .filter(lab => lab === name || lab.startsWith(`${name}.`))
    .sort()
    .map(lab => `${category}/${lab}`)
}

const row = (cells: string[]) => `| ${cells.map(text => text.replaceAll('|', '\\|')).join(' | ')} |`
const table = (head: string[], rows: string[]) => [row(head), row(head.map(() => '---')), ...rows].join('\n')
