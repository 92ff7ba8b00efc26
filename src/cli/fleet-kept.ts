import {type Machine, type MachineFormat, type MachineOptions, machineOf} from '../render/machine.js'
import type {NagiosPart} from '../render/nagios.js'
import type {Outcome} from '../render/outcome.js'
import type {Report} from '../report.js'

/** What formats for other programs need of each target, kept while its report is let go. */
export type Kept = {
  /** `counted`: what counts for a monitor; null: there is no report */
  add(outcome: Outcome & {name: string}, counted: Report | null, options: MachineOptions): void
  /** in the order of `names` */
  text(format: MachineFormat, names: readonly string[], options: MachineOptions): string
  /** exit code of a monitoring plugin; only when nagios is kept */
  monitorCode(options: MachineOptions): Promise<number>
}

export async function keep(formats: readonly MachineFormat[]): Promise<Kept> {
  const machines = new Map<MachineFormat, Machine<unknown>>()
  const parts = new Map<MachineFormat, Map<string, unknown>>()
  for (const format of formats) {
    machines.set(format, await machineOf(format))
    parts.set(format, new Map())
  }
  return {
    add(outcome, counted, options) {
      for (const [format, machine] of machines) {
        const seen = format === 'nagios' ? {...outcome, report: counted} : outcome
        parts.get(format)!.set(outcome.name, machine.part(seen, options))
      }
    },
    text(format, names, options) {
      const own = parts.get(format)!
      const ordered = names.filter(name => own.has(name)).map(name => own.get(name))
      return machines.get(format)!.whole(ordered, options)
    },
    async monitorCode(options) {
      const {NAGIOS_CODES, stateOf} = await import('../render/nagios.js')
      return NAGIOS_CODES[stateOf([...parts.get('nagios')!.values()] as NagiosPart[], options)]
    },
  }
}
