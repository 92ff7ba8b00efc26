import type {Row} from '../../collect/collector.js'
import {MOST, statementSamples} from '../../collect/statement-samples.js'
import type {StatementSamples} from '../../snapshot.js'
import type {CounterSample} from '../record.js'
import {thinned} from './ticks.js'

type Increments = NonNullable<CounterSample['statements']>

/** Of each order, in one line of the file. */
const TOP = 100
/** Readings kept for the window of the last snapshot; a longer run has longer intervals. */
const KEPT = 120

export type StatementCounts = {
  /** What was added since the last rows; null: that cannot be told. */
  add: (rows: Row[]) => Increments | null
  /** All intervals so far, as `check --window` has them. */
  samples: () => StatementSamples | null
}

/** Differences of the rows of statementsSql. `own` are left out. */
export function statementCounts(own: ReadonlySet<string>): StatementCounts {
  let before: Row[] | null = null
  let kept: Row[][] = []
  return {
    add(rows) {
      const foreign = rows.filter(({queryid}) => !own.has(String(queryid)))
      const increments = before && foreign.length > 0 ? incrementsOf(before, foreign) : null
      before = foreign
      if (foreign.length > 0) kept = thinned([...kept, foreign], KEPT)
      return increments
    },
    samples: () => statementSamples(kept),
  }
}

function incrementsOf(before: Row[], now: Row[]): Increments | null {
  if (before[0] && before[0].epoch !== now[0]!.epoch) return null
  const known = new Map(before.map(row => [row.queryid, row]))
  const isComplete = before.length < MOST
  const added = now.flatMap(row => {
    // One that was not among the most before: only where all were read is it known that it had no calls.
    const last = known.get(row.queryid) ?? (isComplete ? NOTHING : null)
    const calls = last ? Number(row.calls) - Number(last.calls) : 0
    if (!last || calls <= 0) return []
    return [
      {
        queryid: String(row.queryid),
        calls,
        totalMs: round(Number(row.totalMs) - Number(last.totalMs)),
        rows: Number(row.rows) - Number(last.rows),
      },
    ]
  })
  const byTime = added.sort((a, b) => b.totalMs - a.totalMs || (a.queryid < b.queryid ? -1 : 1))
  const chosen = new Set([...byTime.slice(0, TOP), ...[...added].sort((a, b) => b.calls - a.calls).slice(0, TOP)])
  return byTime.filter(each => chosen.has(each))
}

const NOTHING: Row = {calls: 0, totalMs: 0, rows: 0}

const round = (ms: number) => Math.max(0, Math.round(ms * 1000) / 1000)
