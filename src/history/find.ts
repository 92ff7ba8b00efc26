import {seconds as span} from '../units.js'
import type {Moment} from './moment.js'
import type {History, HistoryEntry, HistoryHead, HistoryTarget} from './store.js'

export type Found = {
  head: HistoryHead
  entry: HistoryEntry
  /** what to tell about the choice: damaged entries, a history that does not reach back so far */
  notes: string[]
}

/**
 * The run before `end` that the moment means: the last, or the nearest at or before that age, counted from `now` (both
 * by the server's clock). When the history does not reach back so far, its oldest, and a note. Damaged entries are
 * named and passed over. Null: there is none.
 */
export async function findRun(
  history: History,
  target: HistoryTarget,
  moment: Exclude<Moment, {kind: 'named'}>,
  now: number,
  end = now,
): Promise<Found | null> {
  const heads = (await history.list(target)).filter(({at}) => at < end)
  const limit = moment.kind === 'ago' ? now - moment.seconds : end
  const early = heads.filter(({at}) => at <= limit)
  // Newer ones than asked for stand in, the oldest first.
  const late = heads.filter(({at}) => at > limit).reverse()
  const notes: string[] = []
  for (const head of [...early, ...late]) {
    const entry = await readOr(history, head, notes)
    // The head knows whole milliseconds only: a run must not be compared with itself.
    if (!entry || entry.snapshot.collectedAt >= end) continue
    if (head.at > limit) notes.push(`the history of this database reaches back ${span(now - head.at)} only`)
    return {head, entry, notes}
  }
  return null
}

/** An entry, or a note instead of an error: it may be damaged, or was removed meanwhile. */
export async function readOr(history: History, head: HistoryHead, notes: string[]): Promise<HistoryEntry | null> {
  try {
    return await history.read(head)
  } catch (error) {
    notes.push((error as Error).message)
    return null
  }
}
