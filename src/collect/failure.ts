import type {Section, UnavailableReason} from '../snapshot.js'
import type {CollectContext, Collector} from './collector.js'

/** What an SQLSTATE means for a section. */
const REASONS: Record<string, [reason: UnavailableReason, message: string]> = {
  '42501': ['permission', 'permission denied'],
  '57014': ['timeout', 'took longer than its time limit'],
  '55P03': ['timeout', 'a lock was not granted within 100 ms: DDL is under way'],
  '40001': ['error', 'cancelled twice by the standby replaying its log'],
  '55000': ['unsupported', 'not possible in the present state of the server'],
  '42P01': ['unsupported', 'the view does not exist on this server'],
  '42703': ['unsupported', 'a column does not exist on this server'],
  '42883': ['unsupported', 'a function does not exist on this server'],
}

/** pg_stat_statements exists, but its library was not loaded at start. */
const NOT_PRELOADED = /must be loaded via/

/** The section that stands for a collector which could not be read. */
export function failure(error: unknown, collector: Collector, context: CollectContext | null): Section<never> {
  const {message, sqlstate, kind} = error as {message: string; sqlstate?: string; kind?: string}
  if (NOT_PRELOADED.test(message)) {
    return {
      ok: false,
      reason: 'missing-extension',
      message: 'pg_stat_statements is created but not preloaded',
      grant: `shared_preload_libraries = 'pg_stat_statements'   # postgresql.conf, then restart`,
    }
  }
  const known = sqlstate ? REASONS[sqlstate] : undefined
  if (!known) return {ok: false, reason: kind === 'timeout' ? 'timeout' : 'error', message}
  const [reason, meaning] = known
  if (reason !== 'permission' || !context) return {ok: false, reason, message: `${meaning} (${message})`}
  return {
    ok: false,
    reason,
    message: meaning,
    grant: collector.grant?.(context) ?? `GRANT pg_monitor TO ${context.user};`,
  }
}
