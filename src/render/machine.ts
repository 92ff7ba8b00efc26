import type {Severity} from '../rule.js'
import type {Outcome} from './outcome.js'

/** What other programs read. Each takes any number of servers. */
export const MACHINE_FORMATS = ['prometheus', 'nagios', 'junit'] as const
export type MachineFormat = (typeof MACHINE_FORMATS)[number]

export type MachineOptions = {
  /** from which severity on a finding counts (junit: high; nagios: medium) */
  failOn?: Severity
  /** nagios: something that --strict asks for is missing */
  isIncomplete?: boolean
}

export const isMachineFormat = (format: string): format is MachineFormat =>
  (MACHINE_FORMATS as readonly string[]).includes(format)

/** Each format's module is loaded only when it is asked for. */
export async function renderOutcomes(
  outcomes: readonly Outcome[],
  format: MachineFormat,
  options: MachineOptions = {},
): Promise<string> {
  if (format === 'prometheus') return (await import('./prometheus.js')).prometheus(outcomes)
  if (format === 'nagios') return (await import('./nagios.js')).nagios(outcomes, options)
  return (await import('./junit.js')).junit(outcomes, options)
}
