import type {Window} from '../snapshot.js'
import type {WorkloadReport, WorkloadRow} from './types.js'

/** What statements did per second while the server was watched; null where that is not known. */
export type Rates = (queryids: readonly string[]) => WorkloadRow['now']

const sum = (values: readonly number[]) => values.reduce((all, each) => all + each, 0)

/** The samples between which something was counted, with their length; null: there are none that can be used. */
function usable(window: Window | null) {
  const samples = window?.statements
  if (!samples || samples.wasReset || samples.at.length < 2) return null
  const seconds = samples.at.at(-1)! - samples.at[0]!
  return seconds > 0 ? {statements: samples.statements, seconds} : null
}

export function ratesOf(window: Window | null): Rates {
  const found = usable(window)
  if (!found) return () => null
  const counted = new Map(found.statements.map(each => [each.queryid, each]))
  return queryids => {
    const own = queryids.flatMap(id => counted.get(id) ?? [])
    const rate = (what: 'calls' | 'rows') => sum(own.flatMap(each => each[what])) / found.seconds
    return {calls: rate('calls'), rows: rate('rows')}
  }
}

export function windowOf(window: Window | null): WorkloadReport['window'] {
  const found = usable(window)
  if (!found) return null
  const {statements, seconds} = found
  return {seconds, callsPerSecond: sum(statements.flatMap(({calls}) => calls)) / seconds}
}
