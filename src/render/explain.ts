import {formatQuantity} from '../config/quantity.js'
import {type Rule, SEVERITIES} from '../rule.js'
import type {SectionName} from '../snapshot.js'

/** The SQL that reads one section. */
export type SectionQuery = {section: SectionName; sql: string}

/** What is said about a rule, before it is text for a terminal or Markdown. */
type Part = {heading: string; body: Body[]}
type Body = {text: string} | {items: string[]} | {code: string; language: 'sql' | 'yaml'}

const WIDTH = 80

/** `ahsp-db explain RULE`: plain text, 80 columns, SQL as it is. */
export function explainText(rule: Rule, queries: SectionQuery[]): string {
  const parts = partsOf(rule, queries).map(({heading, body}) => `${heading}\n${body.map(bodyText).join('\n\n')}`)
  return `${[wrap(`${rule.id}: ${rule.title}`, 0), ...parts].join('\n\n')}\n`
}

/** docs/rules/<id>.md: without the SQL, which changes with the collectors and is the same for many rules. */
export function explainMarkdown(rule: Rule): string {
  const parts = partsOf(rule, []).map(({heading, body}) => `## ${heading}\n\n${body.map(bodyMarkdown).join('\n\n')}`)
  return `${[`# ${rule.id}`, escapeMarkdown(rule.title), ...parts].join('\n\n')}\n`
}

function partsOf(rule: Rule, queries: SectionQuery[]): Part[] {
  const options = Object.entries(rule.options)
  return [
    {heading: 'Why', body: [{text: rule.why}]},
    {heading: 'Severities', body: [{items: severities(rule)}]},
    ...(options.length > 0 ? [{heading: 'Options', body: [{items: optionItems(rule)}]}] : []),
    {heading: 'Reads', body: [{items: reads(rule)}]},
    {heading: 'Fix', body: [{items: fix(rule)}]},
    {heading: 'Configure', body: configure(rule)},
    ...(rule.references.length > 0 ? [{heading: 'References', body: [{items: rule.references}]}] : []),
    ...(queries.length > 0 ? [{heading: 'SQL', body: queries.flatMap(queryBody)}] : []),
  ]
}

const severities = (rule: Rule) =>
  SEVERITIES.filter(severity => rule.severity[severity]).map(severity => `${severity}: ${rule.severity[severity]}`)

const optionItems = (rule: Rule) =>
  Object.entries(rule.options).map(
    ([name, spec]) => `${name} = ${formatQuantity(spec.default, spec.unit)} (${spec.unit}): ${spec.help}`,
  )

function reads(rule: Rule): string[] {
  const uses = rule.uses ?? []
  return [
    `needs: ${rule.needs.join(', ')}`,
    ...(uses.length > 0 ? [`uses, when available: ${uses.join(', ')}`] : []),
    ...(rule.settings ? [`settings that must be visible: ${rule.settings.join(', ')}`] : []),
  ]
}

const fix = ({id}: Rule) => [
  `the lines for your server, with undo: ahsp-db fix ${id}`,
  `afterwards: ahsp-db check --only ${id}`,
]

function configure(rule: Rule): Body[] {
  const options = Object.entries(rule.options).map(
    ([name, spec]) => `    ${name}: ${formatQuantity(spec.default, spec.unit)}`,
  )
  const lines = [
    ...(options.length > 0 ? ['rules:', `  ${rule.id}:`, ...options] : []),
    'severities:',
    `  ${rule.id}: ${SEVERITIES.findLast(severity => rule.severity[severity]) ?? 'info'}`,
    `skip: [${rule.id}]`,
    'ignore:',
    `  - rule: ${rule.id}`,
    `    subject: '"as"."printed"'`,
    '    reason: why it may stay',
    '    until: 2027-12-31',
  ]
  return [{text: 'In ahsp-db.yaml; each key is optional:'}, {code: lines.join('\n'), language: 'yaml'}]
}

const queryBody = ({section, sql}: SectionQuery): Body[] => [
  {text: `${section}:`},
  {code: dedent(sql), language: 'sql'},
]

/** The SQL is written indented in its collector: its lines after the first share that indentation. */
function dedent(sql: string): string {
  const [first = '', ...rest] = sql.trimEnd().split('\n')
  const indents = rest.filter(line => line.trim()).map(line => /^ */.exec(line)![0].length)
  const common = Math.max(0, Math.min(...indents) - 2)
  return [first.trimStart(), ...rest.map(line => line.slice(common))].join('\n')
}

function bodyText(body: Body): string {
  if ('code' in body) return body.code.replaceAll(/^(?=.)/gm, '    ')
  if ('text' in body) return wrap(body.text, 2)
  return body.items.map(item => wrap(item, 4).replace(/^ {4}/, '  - ')).join('\n')
}

function bodyMarkdown(body: Body): string {
  if ('code' in body) return `\`\`\`${body.language}\n${body.code}\n\`\`\``
  if ('text' in body) return escapeMarkdown(body.text)
  return body.items.map(item => `- ${escapeMarkdown(item)}`).join('\n')
}

/** Rules are our own text; only what Markdown would swallow (`<name>`, `*`, `_`) needs care. */
const escapeMarkdown = (text: string) =>
  text.startsWith('https://') ? `<${text}>` : text.replaceAll(/[<*\\[\]`|]|\b_|_\b/g, '\\$&')

/** Breaks at spaces; a word that is longer than the line stays whole, so that URLs can be copied. */
export function wrap(text: string, indent: number): string {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/\s+/)) {
    if (line !== '' && indent + line.length + 1 + word.length > WIDTH) {
      lines.push(line)
      line = word
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }
  return [...lines, line].map(each => ' '.repeat(indent) + each).join('\n')
}
