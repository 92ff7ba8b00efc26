import type {TargetConfig} from '../config.js'
import {ConnectError} from '../connect/error.js'
import {observedClients, usableConnections} from '../derive/connections.js'
import {CliError, EXIT} from '../errors.js'
import {hideUrlPasswords} from '../redact.js'
import type {Finding, Report} from '../report.js'
import {SEVERITIES, type Severity} from '../rule.js'
import type {Snapshot} from '../snapshot.js'
import type {FleetFinding, FleetRow} from './types.js'

/** What became of one target. */
export type Outcome = {report: Report; snapshot: Snapshot | null; exit: number; error?: unknown}

const LONGEST_TEXT = 200
const SHOWN: readonly Severity[] = ['critical', 'high', 'medium']

/** The little of a report that the fleet needs. */
export function rowOf(target: TargetConfig, {report, snapshot, exit, error}: Outcome, seconds: number): FleetRow {
  const {verdict, collectedAt, server, partial} = report
  const {critical, high, medium, low, info} = verdict.counts
  const row: FleetRow = {
    name: target.name,
    tags: target.tags,
    verdict: verdict.ready === null ? 'cannot judge' : verdict.ready ? 'ready' : 'not ready',
    headline: verdict.headline,
    counts: {critical, high, medium, low, info},
    connections: connectionsOf(snapshot),
    at: collectedAt,
    seconds,
    target: report.target,
    version: server?.version ?? null,
    error: error === undefined ? null : describe(error),
    partial,
    findings: findingsOf(report),
    exit,
  }
  // A text may be a slice that keeps the whole answer of the server alive: a copy lets go of it.
  return JSON.parse(JSON.stringify(row))
}

/** A target without a report: its error is its row. */
export function rowOfError(target: TargetConfig, error: unknown, at: number, seconds: number): FleetRow {
  const place = error instanceof ConnectError ? error.target : null
  return {
    name: target.name,
    tags: target.tags,
    verdict: error instanceof ConnectError ? 'unreachable' : 'failed',
    headline: null,
    counts: null,
    connections: null,
    at,
    seconds,
    target: place && {host: place.host, port: place.port, database: place.database, user: place.user},
    version: null,
    error: describe(error, target.place),
    partial: false,
    findings: [],
    exit: error instanceof CliError ? error.exit : EXIT.internal,
  }
}

/** Interrupted before its turn. */
export function rowNotRead(target: TargetConfig, at: number, exit: number): FleetRow {
  const error = new CliError('INTERRUPTED', EXIT.interrupted, 'the run was interrupted before its turn', 'run it again')
  return {...rowOfError(target, error, at, 0), verdict: 'not read', exit}
}

/** A mistake in a connection string is told with its place in the file. */
function describe(error: unknown, place?: string): FleetRow['error'] {
  const text = (message: string) => hideUrlPasswords(message).slice(0, 2 * LONGEST_TEXT)
  if (error instanceof CliError) {
    const {code, message, hint} = error
    return {code, message: text(code === 'CONNINFO' && place ? `${place}: ${message}` : message), hint: text(hint)}
  }
  const message = error instanceof Error ? error.message || error.name : String(error)
  return {code: 'INTERNAL', message: text(message), hint: 'check this target alone with --debug and report it'}
}

function connectionsOf(snapshot: Snapshot | null): FleetRow['connections'] {
  if (!snapshot) return null
  const {settings, activity, databases} = snapshot.sections
  const observed = observedClients(activity, databases)
  return settings.ok && observed ? {used: observed.peak, usable: usableConnections(settings.data).usable} : null
}

function findingsOf(report: Report): FleetFinding[] {
  const worst = report.results
    .flatMap(({findings}) => (findings[0] ? [{finding: findings[0], count: findings.length}] : []))
    .filter(({finding}) => SHOWN.includes(finding.severity))
  return worst
    .sort((a, b) => SEVERITIES.indexOf(a.finding.severity) - SEVERITIES.indexOf(b.finding.severity))
    .map(({finding, count}) => short(finding, count))
}

const short = ({rule, severity, subject, title}: Finding, count: number): FleetFinding => ({
  rule,
  severity,
  subject: subject.slice(0, LONGEST_TEXT),
  title: title.slice(0, LONGEST_TEXT),
  count,
})
