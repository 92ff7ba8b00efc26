import {diffRuns} from '../diff/diff.js'
import type {Diff} from '../diff/diff-types.js'
import {findRun, readOr} from '../history/find.js'
import {momentOf} from '../history/moment.js'
import {openHistory} from '../history/open.js'
import type {HistoryEntry} from '../history/store.js'
import {type TrendPoint, trendHeads, trendPoint} from '../history/trend.js'
import type {Report} from '../report.js'
import type {Snapshot} from '../snapshot.js'

/** What a page shows of the runs before this one. */
export type Past = {
  /** to compare with; null: there is none */
  entry: HistoryEntry | null
  /** oldest first */
  trend: TrendPoint[]
  notes: string[]
}

/** A trend goes back as far, with at most so many points: reading an entry costs some milliseconds. */
const TREND_SECONDS = 90 * 86_400
const TREND_POINTS = 60

/**
 * The runs before `snapshot` in the history at `place` (default: the folder of `check --save`); none is no error.
 * `baseline`: last, or an age as 7d.
 */
export async function pastOf(snapshot: Snapshot, place: string | undefined, baseline = 'last'): Promise<Past> {
  const {host, port, database} = snapshot.target
  const target = {host, port, database}
  const now = snapshot.collectedAt
  const history = await openHistory(place)
  try {
    const moment = momentOf(baseline)
    const found = moment.kind === 'named' ? null : await findRun(history, target, moment, now)
    const heads = (await history.list(target)).filter(({at}) => at < now)
    const notes = [...(found?.notes ?? [])]
    const trend: TrendPoint[] = []
    // One after the other: an entry may be large, and only its point is kept.
    for (const head of trendHeads(heads, now - TREND_SECONDS, TREND_POINTS)) {
      const entry = await readOr(history, head, notes)
      if (entry) trend.push(trendPoint(entry))
    }
    return {entry: found?.entry ?? null, trend, notes: [...new Set([...notes, ...history.notes()])]}
  } finally {
    await history.close()
  }
}

/** Null: there is nothing to compare with. */
export const diffWith = (entry: HistoryEntry | null, report: Report, snapshot: Snapshot): Diff | null =>
  entry && diffRuns(entry, {report, snapshot})
