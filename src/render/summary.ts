import type {Finding, Fix, Report} from '../report.js'
import {SEVERITIES} from '../rule.js'
import {seconds} from './units.js'

/** What all outputs say alike: the order of findings, and how the report came about. */

/** Worst first; within a severity in the report's order. */
export function findingsBySeverity(report: Report): Finding[] {
  const all = report.results.flatMap(result => result.findings)
  return SEVERITIES.flatMap(severity => all.filter(finding => finding.severity === severity))
}

/** `PostgreSQL 15.4 on host:5432/ahsp as app; PgBouncer 1.18.0 at pooler:6432`. */
export function serverLine(report: Report): string {
  const {server, target} = report
  const poolers = poolersLine(report)
  if (poolers && !server) return poolers
  const version = server ? `PostgreSQL ${server.version}` : 'PostgreSQL (version unknown)'
  const standby = server?.inRecovery ? ', a standby' : ''
  const line = `${version} on ${placeOf(target)}/${target.database} as ${target.user}${standby}`
  return poolers ? `${line}; ${poolers}` : line
}

/** `PgBouncer 1.18.0 at pooler:6432`; empty: no console was read. */
export function poolersLine({poolers, server, target}: Report): string {
  if (poolers.length > 0) return poolers.map(one => `PgBouncer ${one.version} at ${placeOf(one.target)}`).join(', ')
  const isConsole = !server && target.database === CONSOLE_DATABASE
  return isConsole ? `PgBouncer (version unknown) at ${placeOf(target)}` : ''
}

/** The name is reserved for the console: PgBouncer refuses it for any other database. */
const CONSOLE_DATABASE = 'pgbouncer'

const placeOf = ({host, port}: {host: string; port: number}) => `${host.includes(':') ? `[${host}]` : host}:${port}`

/** `statistics of 3 d 4 h`; empty: no server was read. */
export function statisticsLine({statistics, server}: Report): string {
  if (!server) return ''
  if (statistics.seconds !== null) return `statistics of ${seconds(statistics.seconds)}`
  return 'statistics never reset (or their age is unknown)'
}

/** The server's clock as UTC, to the second: `2026-11-21 03:35:24 UTC`. */
export function timestamp(at: number): string {
  const date = new Date(at * 1000)
  return Number.isNaN(date.getTime()) ? 'unknown time' : `${date.toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

/** `reload`, `restart`, `reconnect` or the lock: what applying this costs. */
export function costOf(fix: Fix): string {
  if (fix.setting) return `needs a ${fix.setting.apply}`
  return fix.lock ? `lock: ${fix.lock}` : ''
}

/** A cure is SQL, a line for postgresql.conf, or words. */
export const isCode = (cure: string): boolean => /;\s*$|^\S+\s*=/.test(cure)
