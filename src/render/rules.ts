import {type Rule, SEVERITIES} from '../rule.js'
import {wrap} from './explain.js'

/** `ahsp-db rules`: by category, two lines per rule, 80 columns. */
export function rulesText(rules: readonly Rule[]): string {
  const categories = [...new Set(rules.map(rule => rule.category))]
  const blocks = categories.map(category => {
    const members = rules.filter(rule => rule.category === category)
    return [category, ...members.map(rule => `  ${rule.id}  (${severities(rule)})\n${wrap(rule.title, 4)}`)].join('\n')
  })
  return `${[...blocks, `${rules.length} rules; more about one: ahsp-db explain RULE`].join('\n\n')}\n`
}

/** Everything that is declared about the rules, for scripts; sizes, times and percentages in the option's `unit`. */
export function rulesJson(rules: readonly Rule[]): string {
  const declared = rules.map(({check: _, ...declaration}) => declaration)
  return `${JSON.stringify(declared, null, 2)}\n`
}

const severities = (rule: Rule) => SEVERITIES.filter(severity => rule.severity[severity]).join(', ')
