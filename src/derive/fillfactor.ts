import type {FixRequest} from '../rule.js'
import type {Table} from '../snapshot.js'
import {qualified} from '../sql/quote.js'

/** Room for one more row in each page, at least a tenth. */
export function fillfactorFor({pages, rowsEstimate, liveRows}: Table): number {
  const perPage = Math.max(1, Math.max(rowsEstimate, liveRows) / Math.max(1, pages))
  return Math.max(50, 100 - Math.max(10, Math.ceil(100 / perPage / 5) * 5))
}

/** Lets updates find room in their page. */
export function leaveRoom(table: Table, target: number): FixRequest {
  const name = qualified(table.schema, table.name)
  const before = table.options.fillfactor
  return {
    kind: 'sql',
    title: `Leave ${100 - target} % of each page of ${name} free for updates`,
    statements: [`ALTER TABLE ${name} SET (fillfactor = ${target})`],
    undo: [`ALTER TABLE ${name} ${before === undefined ? 'RESET (fillfactor)' : `SET (fillfactor = ${before})`}`],
    lock: 'SHARE UPDATE EXCLUSIVE on the table, for a moment: reads and writes go on.',
    note: 'Pages that are written from now on get the room; VACUUM (FULL) or pg_repack gives it to all of them.',
  }
}
