import type {Connection} from '../connect/postgres.js'
import type {Section, SectionName, Sections, Snapshot} from '../snapshot.js'
import type {CollectContext, Collector, Row} from './collector.js'
import {failure} from './failure.js'
import {bareTransaction, LIMITS, ROLLBACK, transaction} from './transaction.js'

/** One run's state. Only the functions of this file use the connection. */
export type Run = {
  connection: Connection
  /** called once, when the connection is lost in the middle */
  reconnect: () => Promise<Connection>
  reconnected: boolean
  signal: AbortSignal | undefined
  startedAt: number
  /** milliseconds for the whole run */
  deadlineMs: number
  context: CollectContext | null
  sections: Partial<Record<SectionName, Section<unknown>>>
  warnings: string[]
  cutShortBy: Snapshot['cutShortBy']
}

/** milliseconds */
export const timeLeft = (run: Run): number => run.deadlineMs - (performance.now() - run.startedAt)

export const isOver = (run: Run): boolean => Boolean(run.signal?.aborted) || timeLeft(run) <= 0

/** Any one statement outside the sections (samples), in its own bounded transaction; null when it failed. */
export async function readRows(run: Run, sql: string): Promise<Row[] | null> {
  if (isOver(run) || !run.connection.isOpen) return null
  try {
    return await send(run, sql, LIMITS.statement)
  } catch {
    await recover(run)
    return null
  }
}

/** The section, or the reason why it is unavailable. */
export async function readSection(run: Run, collector: Collector): Promise<Section<unknown>> {
  const context = run.context as CollectContext
  if (context && collector.minVersion && context.versionNum < collector.minVersion) {
    return {
      ok: false,
      reason: 'unsupported',
      message: `only PostgreSQL ${collector.minVersion / 10000} or newer has this`,
    }
  }
  const unavailable = context && collector.unavailable?.(context)
  if (unavailable) return unavailable
  for (let attempt = 1; ; attempt += 1) {
    try {
      const rows = await send(run, collector.sql(context), collector.timeoutMs, collector.section === 'settings')
      const data = collector.map ? collector.map(rows, context) : rows
      return isSection(data) ? data : {ok: true, data}
    } catch (error) {
      const lost = !run.connection.isOpen
      const usable = await recover(run, error as Error)
      // 40001: a standby cancelled us to replay its log. After either, once more is enough.
      const passing = lost || (error as {sqlstate?: string}).sqlstate === '40001'
      if (attempt === 1 && passing && usable) continue
      return failure(error, collector, context)
    }
  }
}

/** `bare`: the settings are read before any SET LOCAL of ours, which would show up as the server's own value. */
async function send(run: Run, sql: string, timeoutMs = LIMITS.statement, bare = false): Promise<Row[]> {
  const deadlineMs = Math.max(1, Math.min(timeoutMs + LIMITS.clientGrace, timeLeft(run)))
  const message = bare ? bareTransaction(sql) : transaction(sql, run.context, timeoutMs)
  const results = await run.connection.run(message, {deadlineMs})
  return results[bare ? 1 : 2]!
}

/** Out of the failed transaction, or onto one new connection when the old one is gone; false: neither worked. */
async function recover(run: Run, error?: Error): Promise<boolean> {
  if (run.connection.isOpen) {
    if (run.connection.transaction === 'none') return true
    await run.connection.run(ROLLBACK, {deadlineMs: LIMITS.clientGrace}).catch(() => {})
    if (run.connection.isOpen) return true
  }
  run.cutShortBy ??= run.signal?.aborted ? 'signal' : 'lost connection'
  if (isOver(run) || run.reconnected) return false
  run.reconnected = true
  run.warnings.push(`the connection was lost${error ? ` (${error.message})` : ''}; one new connection was tried`)
  try {
    run.connection = await run.reconnect()
    run.cutShortBy = null
    return true
  } catch {
    // Whatever is left of the run cannot be read any more.
    run.deadlineMs = 0
    return false
  }
}

const isSection = (data: unknown): data is Section<Sections[SectionName]> =>
  typeof data === 'object' && data !== null && typeof (data as {ok?: unknown}).ok === 'boolean'
