import {statementFamilies as grouped} from '../derive/statement-families.js'
import {collector, MARK} from './collector.js'
import {needsExtension, view} from './statements.js'

/** Longer texts are compared by their beginning. */
const COMPARED = 600
const MAX_TEXTS = 20_000

/** Below this share of pg_stat_statements.max there is no flood, and the texts are not read. */
const NEARLY_FULL = 0.85

/** The condition names no column: when it is false, the server does not read its text file at all. */
export const statementFamilies = collector({
  section: 'statementFamilies',
  timeoutMs: 20_000,
  unavailable: needsExtension,
  sql: context => `SELECT ${MARK} queryid IS NULL AS hidden, pg_catalog.left(query, ${COMPARED}) AS text
    FROM ${view(context)}(true)
    WHERE (SELECT pg_catalog.count(*) FROM ${view(context)}(false))
      >= ${NEARLY_FULL} * pg_catalog.current_setting('pg_stat_statements.max')::int
    LIMIT ${MAX_TEXTS}`,
  map: (rows, {user}) => {
    if (rows.some(row => row.hidden)) {
      return {
        ok: false,
        reason: 'permission',
        message: 'statements of other roles are hidden',
        grant: `GRANT pg_monitor TO ${user};`,
      }
    }
    return {entries: rows.length, families: grouped(rows.map(row => String(row.text ?? '')))}
  },
})
