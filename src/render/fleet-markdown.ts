import type {FleetReport} from '../fleet/types.js'
import {clock, connectionsText, errorsOf, fleetHeadline, groupsOf, namesOf, worstOf} from './fleet-summary.js'
import {codeSpan, markdownText} from './sanitize.js'
import {timestamp} from './summary.js'
import {seconds} from './units.js'

/** The fleet for a ticket. */
export function fleetMarkdown(fleet: FleetReport): string {
  const {rows} = fleet
  const targets = rows.map(row => [
    codeSpan(row.name, true),
    row.verdict,
    ...(['critical', 'high', 'medium'] as const).map(severity => String(row.counts?.[severity] ?? '-')),
    connectionsText(row),
    clock(row.at),
    markdownText(worstOf(row)),
  ])
  const groups = groupsOf(rows).map(({severity, targets, rule, title}) => [
    severity,
    markdownText(namesOf(targets)),
    codeSpan(rule, true),
    markdownText(title),
  ])
  const errors = errorsOf(rows).map(({name, text}) => `- ${codeSpan(name)}: ${markdownText(text)}`)
  const tags = fleet.tags.length > 0 ? ` · tagged ${fleet.tags.map(tag => codeSpan(tag)).join(' and ')}` : ''
  const parts = [
    `# ${markdownText(fleetHeadline(fleet))}`,
    table(['target', 'verdict', 'critical', 'high', 'medium', 'connections', 'UTC', 'worst'], targets),
    errors.length > 0 ? `## Errors\n\n${errors.join('\n')}` : '',
    groups.length > 0 ? `## Findings\n\n${table(['severity', 'found in', 'rule', 'the first of them'], groups)}` : '',
    `---\n\nahsp-db ${markdownText(fleet.tool)} · ${timestamp(fleet.at)} · took ${seconds(fleet.seconds)}${tags}`,
  ]
  return `${parts.filter(Boolean).join('\n\n')}\n`
}

const table = (head: string[], rows: string[][]): string =>
  [head, head.map(() => '---'), ...rows].map(cells => `| ${cells.join(' | ')} |`).join('\n')
