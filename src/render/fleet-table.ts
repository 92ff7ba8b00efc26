import type {FleetReport, FleetRow, FleetVerdict} from '../fleet/types.js'
import {clock, connectionsText, errorsOf, fleetHeadline, groupsOf, namesOf, titleOf, worstOf} from './fleet-summary.js'
import {type Grid, loadGrid} from './grid.js'
import type {RenderOptions} from './index.js'
import {prose} from './sanitize.js'
import {bold, dim, green, hanging, severityColor, wrap} from './style.js'
import {timestamp} from './summary.js'
import {seconds} from './units.js'

const MIN_WIDTH = 60
const MAX_WIDTH = 120
/** Without --full: the worst of the worst, and each error once. */
const SHOWN = 12

type Page = {width: number; color: boolean; full: boolean; grid: Grid}

/** Every target a row, worst on top; then why some were not read, and what was found in how many. */
export async function fleetTable(fleet: FleetReport, options: RenderOptions): Promise<string> {
  const width = Math.max(MIN_WIDTH, Math.min(options.width, MAX_WIDTH))
  const page = {width, color: options.color, full: options.full ?? false, grid: await loadGrid()}
  const sections = [headLines(fleet, page), rowLines(fleet.rows, page), errorLines(fleet.rows, page)]
  const groups = groupLines(fleet.rows, page)
  const lines = [...sections, groups].filter(section => section.length > 0).flatMap(section => [...section, ''])
  return `${lines.slice(0, -1).join('\n')}\n`
}

function headLines(fleet: FleetReport, {width, color}: Page): string[] {
  const isHealthy = fleet.rows.every(({verdict}) => verdict === 'ready')
  const tags = fleet.tags.length > 0 ? `, tagged ${fleet.tags.join(' and ')}` : ''
  const about = `${timestamp(fleet.at)}, took ${seconds(fleet.seconds)}${tags}`
  return [
    ...wrap(fleetHeadline(fleet), width).map(line =>
      isHealthy ? green(line, color) : severityColor('critical', line, color),
    ),
    dim(prose(about), color),
  ]
}

function rowLines(rows: readonly FleetRow[], {grid, width, color}: Page): string[] {
  return grid({
    head: ['target', 'verdict', 'crit', 'high', 'med', 'conn', 'UTC', 'worst'],
    rows: rows.map(row => [
      row.name,
      row.verdict,
      ...(['critical', 'high', 'medium'] as const).map(severity => (row.counts ? String(row.counts[severity]) : '-')),
      connectionsText(row),
      clock(row.at),
      worstOf(row),
    ]),
    width,
    ruled: true,
    paint: (line, at, column) => paintCell(line, rows[at], column, color),
  })
}

const VERDICT_COLOR: Record<FleetVerdict, 'critical' | 'high' | 'medium' | 'info' | null> = {
  unreachable: 'critical',
  failed: 'critical',
  'not ready': 'high',
  'cannot judge': 'medium',
  'not read': 'info',
  ready: null,
}

function paintCell(line: string, row: FleetRow | undefined, column: number, color: boolean): string {
  if (!row || column !== 1) return line
  const severity = VERDICT_COLOR[row.verdict]
  return severity ? severityColor(severity, line, color) : green(line, color)
}

function errorLines(rows: readonly FleetRow[], {width, full, color}: Page): string[] {
  const errors = errorsOf(rows)
  if (errors.length === 0) return []
  const shown = full ? errors : errors.slice(0, SHOWN)
  const rest = errors.length - shown.length
  return [
    bold('Errors', color),
    ...shown.flatMap(({name, text}) => hanging(`${name}: `, prose(text), width, 2)),
    ...(rest > 0 ? [`and ${rest} more: with --full, or in --format json`] : []),
  ]
}

function groupLines(rows: readonly FleetRow[], {width, full, color}: Page): string[] {
  const groups = groupsOf(rows)
  if (groups.length === 0) return []
  const shown = full ? groups : groups.slice(0, SHOWN)
  const rest = groups.length - shown.length
  return [
    bold('Findings', color),
    ...shown.flatMap(({severity, targets, rule, title}) => {
      const [first = '', ...others] = hanging(
        severity.padEnd(SEVERITY_WIDTH),
        `${namesOf(targets)}: ${prose(title)} (${rule})`,
        width,
      )
      return [first.replace(severity, severityColor(severity, severity, color)), ...others]
    }),
    ...(rest > 0 ? [`and ${rest} more rules with findings: with --full`] : []),
    '',
    "The lines to change: ahsp-db check TARGET, or --format 'markdown={name}.md'",
  ]
}

const SEVERITY_WIDTH = 'critical  '.length

/** A line for each finding of each target, or for what else there is to say of it; never wrapped: it can be grepped. */
export function fleetBrief(fleet: FleetReport, {color}: RenderOptions): string {
  const lines = fleet.rows.flatMap(row => [
    ...(row.error || row.findings.length === 0
      ? [`${row.name}  ${row.verdict}  ${prose(row.error?.message ?? row.headline ?? '')}`]
      : []),
    ...row.findings.map(finding => {
      const word = severityColor(finding.severity, finding.severity.padEnd(8), color)
      return `${row.name}  ${word}  ${finding.rule}  ${prose(finding.subject)}  ${prose(titleOf(finding))}`
    }),
  ])
  return `${[fleetHeadline(fleet), ...lines].join('\n')}\n`
}
