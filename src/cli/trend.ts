import {CliError} from '../errors.js'
import {readOr} from '../history/find.js'
import {openHistory} from '../history/open.js'
import {type TrendPoint, trendHeads, trendPoint} from '../history/trend.js'
import type {Snapshot} from '../snapshot.js'

/** A trend goes back as far, with at most so many points: reading an entry costs some milliseconds. */
const SECONDS = 90 * 86_400
const POINTS = 60

export type Trend = {
  /** of the runs before this one, oldest first */
  points: TrendPoint[]
  /** entries that could not be read, or why there is no history */
  notes: string[]
}

/** The trend of the same database in the history at `place`. No history, or a broken one, is no error: a note at most. */
export async function trendOf({target, collectedAt}: Snapshot, place: string | undefined): Promise<Trend> {
  const points: TrendPoint[] = []
  const notes: string[] = []
  try {
    const history = await openHistory(place)
    try {
      const heads = (await history.list(target)).filter(({at}) => at < collectedAt)
      // One after the other: an entry may be large, and only its point is kept.
      for (const head of trendHeads(heads, collectedAt - SECONDS, POINTS)) {
        const entry = await readOr(history, head, notes)
        // The name of an entry has its time in whole milliseconds: this very run may look earlier.
        if (entry && entry.snapshot.collectedAt < collectedAt) points.push(trendPoint(entry))
      }
      notes.push(...history.notes())
    } finally {
      await history.close()
    }
  } catch (error) {
    if (!(error instanceof CliError)) throw error
    notes.push(error.message)
  }
  return {points, notes: [...new Set(notes)]}
}
