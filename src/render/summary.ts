import type {Finding, Fix, Report} from '../report.js'
import {SEVERITIES} from '../rule.js'
import {seconds} from './units.js'

/** What all outputs say alike: the order of findings, and how the report came about. */

/** Worst first; within a severity in the report's order. */
export function findingsBySeverity(report: Report): Finding[] {
  const all = report.results.flatMap(result => result.findings)
  return SEVERITIES.flatMap(severity => all.filter(finding => finding.severity === severity))
}

/** `PostgreSQL 15.4 on host:5432/ahsp as app`. */
export function serverLine({server, target}: Report): string {
  const version = server ? `PostgreSQL ${server.version}` : 'PostgreSQL (version unknown)'
  const host = target.host.includes(':') ? `[${target.host}]` : target.host
  return `${version} on ${host}:${target.port}/${target.database} as ${target.user}${server?.inRecovery ? ', a standby' : ''}`
}

/** `statistics of 3 d 4 h`. */
export function statisticsLine({statistics}: Report): string {
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
