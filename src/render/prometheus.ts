import {observedClients, usableConnections} from '../derive/connections.js'
import type {Report} from '../report.js'
import {SEVERITIES} from '../rule.js'
import type {Snapshot} from '../snapshot.js'
import type {Machine} from './machine.js'
import {hasReport, type Outcome, outcomeName} from './outcome.js'
import {METRICS, type MetricName} from './prometheus-metrics.js'
import {visible} from './sanitize.js'
import {findingsBySeverity} from './summary.js'

/** Findings of one server that get a series of their own: a thousand tables must not become a thousand series. */
export const SERIES_PER_TARGET = 100
const LONGEST_LABEL = 200

type Labels = Record<string, string>
type Sample = {name: MetricName; labels: Labels; value: number}

/**
 * Text exposition (0.0.4) for the textfile collector: one block for each metric, whatever the number of servers.
 * No time of its own in the samples, which the collector refuses.
 */
export const prometheus: Machine<Sample[]> = {
  part(outcome) {
    const target = outcomeName(outcome)
    return samplesOf(outcome).map(one => ({...one, labels: {target, ...one.labels}}))
  },
  whole(parts) {
    const samples = parts.flat()
    const blocks = (Object.keys(METRICS) as MetricName[]).flatMap(name => {
      const lines = samples.filter(one => one.name === name).map(sampleLine)
      const {help} = METRICS[name]
      return lines.length > 0 ? [`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, ...new Set(lines)] : []
    })
    return `${blocks.join('\n')}\n`
  },
}

function samplesOf(outcome: Outcome): Sample[] {
  if (!hasReport(outcome)) {
    const code = outcome.error?.code ?? 'UNKNOWN'
    return [sample('ahsp_db_up', 0), sample('ahsp_db_error_info', 1, {code})]
  }
  const {report, snapshot} = outcome
  const isUp = report.server !== null || report.poolers.length > 0
  return [
    sample('ahsp_db_up', Number(isUp)),
    sample('ahsp_db_info', 1, infoLabels(report)),
    sample('ahsp_db_collected_timestamp_seconds', report.collectedAt),
    sample('ahsp_db_partial', Number(report.partial)),
    ...(report.verdict.ready === null ? [] : [sample('ahsp_db_ready', Number(report.verdict.ready))]),
    ...(report.users === null ? [] : [sample('ahsp_db_users', report.users)]),
    ...countSamples(report),
    ...findingSamples(report),
    ...(snapshot ? serverSamples(snapshot) : []),
  ]
}

const sample = (name: MetricName, value: number, labels: Labels = {}): Sample => ({name, labels, value})

function infoLabels({target, server, tool}: Report): Labels {
  return {
    host: target.host,
    port: String(target.port),
    database: target.database,
    version: server?.version ?? '',
    platform: server?.platform ?? '',
    tool,
  }
}

function countSamples({verdict: {counts}, statistics, results}: Report): Sample[] {
  const found = results.filter(({status}) => status === 'found').length
  const rules = {found, ok: counts.ok, skipped: counts.skipped, error: counts.error}
  return [
    ...SEVERITIES.map(severity => sample('ahsp_db_findings', counts[severity], {severity})),
    sample('ahsp_db_findings_ignored', counts.ignored),
    ...Object.entries(rules).map(([status, count]) => sample('ahsp_db_rules', count, {status})),
    ...(statistics.seconds === null ? [] : [sample('ahsp_db_statistics_seconds', statistics.seconds)]),
  ]
}

/** By what does not change from run to run: a title carries numbers, and each would begin a new series. */
function findingSamples(report: Report): Sample[] {
  const findings = findingsBySeverity(report)
  const listed = findings.slice(0, SERIES_PER_TARGET)
  return [
    ...listed.map(({rule, severity, subject, confidence}) =>
      sample('ahsp_db_finding_info', 1, {rule, severity, subject, confidence}),
    ),
    sample('ahsp_db_findings_unlisted', findings.length - listed.length),
  ]
}

function serverSamples({sections: {settings, activity, databases, server}}: Snapshot): Sample[] {
  const seen = observedClients(activity, databases)
  const own = databases.ok && server.ok ? databases.data.find(({name}) => name === server.data.database) : undefined
  return [
    ...(settings.ok && settings.data.some(({name}) => name === 'max_connections')
      ? budgetSamples(usableConnections(settings.data))
      : []),
    ...(seen ? [sample('ahsp_db_connections_clients', seen.peak)] : []),
    ...(own && own.sizeBytes !== null ? [sample('ahsp_db_database_size_bytes', own.sizeBytes)] : []),
  ]
}

const budgetSamples = ({maxConnections, usable}: {maxConnections: number; usable: number}): Sample[] => [
  sample('ahsp_db_connections_max', maxConnections),
  sample('ahsp_db_connections_usable', usable),
]

function sampleLine({name, labels, value}: Sample): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(labelText(text))}"`)
  return `${name}{${pairs.join(',')}} ${value}`
}

/** One line, nothing invisible, not endless; the cut keeps characters whole. */
function labelText(text: string): string {
  const shown = [...visible(text)]
  return shown.length > LONGEST_LABEL ? `${shown.slice(0, LONGEST_LABEL).join('')}...` : shown.join('')
}

const escaped = (text: string) => text.replace(/[\\"]/g, '\\$&')
