import type {Severity} from '../rule.js'
import type {Outcome} from './outcome.js'

/** What other programs read. Each takes any number of servers. */
export const MACHINE_FORMATS = ['prometheus', 'nagios', 'junit', 'sarif', 'csv', 'jsonl'] as const
export type MachineFormat = (typeof MACHINE_FORMATS)[number]

export type MachineOptions = {
  /** from which severity on a finding counts (junit: high; nagios: medium) */
  failOn?: Severity
  /** nagios: something that --strict asks for is missing */
  isIncomplete?: boolean
}

/**
 * One format: what it needs of each server, which is small and holds nothing of the snapshot, and the text of all of
 * them. Who checks many servers keeps the parts alone.
 */
export type Machine<Part> = {
  part(outcome: Outcome, options: MachineOptions): Part
  whole(parts: readonly Part[], options: MachineOptions): string
}

export const isMachineFormat = (format: string): format is MachineFormat =>
  (MACHINE_FORMATS as readonly string[]).includes(format)

/** Each format's module is loaded only when it is asked for. */
const MODULES: Record<MachineFormat, () => Promise<Machine<unknown>>> = {
  prometheus: async () => (await import('./prometheus.js')).prometheus as Machine<unknown>,
  nagios: async () => (await import('./nagios.js')).nagios as Machine<unknown>,
  junit: async () => (await import('./junit.js')).junit as Machine<unknown>,
  sarif: async () => (await import('./sarif.js')).sarif as Machine<unknown>,
  csv: async () => (await import('./csv.js')).csv as Machine<unknown>,
  jsonl: async () => (await import('./jsonl.js')).jsonl as Machine<unknown>,
}

export const machineOf = (format: MachineFormat): Promise<Machine<unknown>> => MODULES[format]()

export async function renderOutcomes(
  outcomes: readonly Outcome[],
  format: MachineFormat,
  options: MachineOptions = {},
): Promise<string> {
  const machine = await machineOf(format)
  const parts = outcomes.map(outcome => machine.part(outcome, options))
  return machine.whole(parts, options)
}
