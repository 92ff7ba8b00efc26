import type {Report} from '../report.js'
import type {Snapshot} from '../snapshot.js'

/** What is kept of one run. The snapshot is what judged it: rules of later versions can judge it again. */
export type HistoryEntry = {
  format: 'ahsp-db/history'
  version: 1
  snapshot: Snapshot
  report: Report
}

/** Which database: as it was reached, never the user. */
export type HistoryTarget = {host: string; port: number; database: string}

/** An entry without its contents. */
export type HistoryHead = {
  /** how the store finds it again */
  id: string
  target: HistoryTarget
  /** server's clock, seconds since 1970 */
  at: number
}

export type Retention = {
  /** seconds; older entries go, but never the newest of a target */
  age: number
  /** of one target */
  count: number
}

/** Where runs are remembered: a folder, or a schema in a database. */
export type History = {
  /** How people name it. */
  name: string
  /** Whole or not at all, whatever happens in between; several runs may do it at once. */
  save(entry: HistoryEntry): Promise<HistoryHead>
  /** Newest first; entries that cannot be read are left out and named by `notes`. */
  list(target: HistoryTarget | null): Promise<HistoryHead[]>
  read(head: HistoryHead): Promise<HistoryEntry>
  /** Removes what is beyond the retention, and what crashed runs left. */
  prune(target: HistoryTarget, retention: Retention): Promise<number>
  notes(): string[]
  close(): Promise<void>
}
