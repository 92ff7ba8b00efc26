import {EXIT, type ExitCode} from '../errors.js'
import type {FleetRow, FleetVerdict} from './types.js'

const VERDICTS: FleetVerdict[] = ['unreachable', 'failed', 'not ready', 'cannot judge', 'ready', 'not read']

/** Of whom nothing is known, then by findings: the worst is on top. */
export function byWorst(a: FleetRow, b: FleetRow): number {
  return (
    VERDICTS.indexOf(a.verdict) - VERDICTS.indexOf(b.verdict) ||
    of(b, 'critical') - of(a, 'critical') ||
    of(b, 'high') - of(a, 'high') ||
    of(b, 'medium') - of(a, 'medium') ||
    (a.name < b.name ? -1 : 1)
  )
}

const of = ({counts}: FleetRow, severity: 'critical' | 'high' | 'medium') => counts?.[severity] ?? 0

/** Worst first. A server that could not be read hides whatever it has: worse than findings. */
const EXITS: ExitCode[] = [
  EXIT.terminated,
  EXIT.interrupted,
  EXIT.output,
  EXIT.internal,
  EXIT.usage,
  EXIT.connect,
  EXIT.deadline,
  EXIT.findings,
  EXIT.partial,
  EXIT.busy,
  EXIT.ok,
]

/** The exit code of the worst target. */
export const exitCodeOfFleet = (rows: readonly FleetRow[]): number =>
  EXITS.find(exit => rows.some(row => row.exit === exit)) ?? EXIT.ok
