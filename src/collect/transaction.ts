import {type CollectContext, MARK} from './collector.js'

/** Milliseconds. The client waits for the server's own timeout first, and only then cancels (reliability.md). */
export const LIMITS = {lock: 100, statement: 5000, idleInTransaction: 10_000, connectionCheck: 500, clientGrace: 2000}

/**
 * One collector's message: read-only, bounded by SET LOCAL alone (nothing stays behind, also through a pooler), and
 * committed, because a ROLLBACK would count as a failed transaction. Everything travels in one round trip.
 */
export function transaction(sql: string, context: CollectContext | null, timeoutMs: number = LIMITS.statement): string {
  const local: [string, string][] = [
    ['statement_timeout', `${timeoutMs}`],
    ['lock_timeout', `${LIMITS.lock}`],
    ['idle_in_transaction_session_timeout', `${LIMITS.idleInTransaction}`],
    ['search_path', 'pg_catalog'],
    ['jit', 'off'],
  ]
  // Other systems refuse every value but 0.
  if (context?.linux && context.versionNum >= 140000) {
    local.push(['client_connection_check_interval', `${LIMITS.connectionCheck}`])
  }
  const set = local.map(([name, value]) => `pg_catalog.set_config('${name}', '${value}', true)`).join(', ')
  return `${BEGIN}; SELECT ${MARK} ${set}; ${sql}; ${COMMIT}`
}

/** Without timeouts of ours, for reading the server's. The client-side deadline still holds. */
export const bareTransaction = (sql: string) => `${BEGIN}; ${sql}; ${COMMIT}`

const BEGIN = `BEGIN ${MARK} ISOLATION LEVEL READ COMMITTED READ ONLY`
const COMMIT = `COMMIT ${MARK}`
export const ROLLBACK = `ROLLBACK ${MARK}`
