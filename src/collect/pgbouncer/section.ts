import type {Pooler, Section} from '../../snapshot.js'
import type {PoolerReader} from './reader.js'

/** No console was named. */
export const NO_POOLER: Section<never> = {
  ok: false,
  reason: 'unsupported',
  message: 'no PgBouncer console was given (--pgbouncer)',
}

/** A console that answers each command, but slowly, may take this long for all of them. */
const READ_MS = 5000
/** A run whose own time is up gives a healthy console still the moment that it needs. */
const GRACE_MS = 1000

export type PoolersRead = {section: Section<Pooler[]>; warnings: string[]}

/** What the consoles showed; those that failed are warnings. Never throws, and ends within the grace after `leftMs`. */
export async function readPoolers(
  readers: readonly PoolerReader[],
  leftMs: number,
  signal?: AbortSignal,
): Promise<PoolersRead> {
  if (readers.length === 0) return {section: NO_POOLER, warnings: []}
  const limitMs = Math.min(READ_MS, Math.max(GRACE_MS, leftMs))
  const results = await Promise.allSettled(readers.map(reader => reader.finish(limitMs, signal)))
  const failures = results.flatMap((result, at) =>
    result.status === 'rejected' ? [`${readers[at]!.name}: ${(result.reason as Error).message}`] : [],
  )
  const warnings = results.flatMap((result, at) =>
    result.status === 'fulfilled'
      ? result.value.warnings.map(warning => `${readers[at]!.name}: ${warning}`)
      : [`${readers[at]!.name} could not be read: ${reasonOf(result.reason)}`],
  )
  const data = results.flatMap(result => (result.status === 'fulfilled' ? [result.value.pooler] : []))
  if (data.length === 0) return {section: {ok: false, reason: 'error', message: failures.join('; ')}, warnings}
  return {section: {ok: true, data, ...(readers.length > data.length ? {total: readers.length} : {})}, warnings}
}

/** A refused session says what to do about it. */
const reasonOf = ({message, hint}: Error & {hint?: string}) => (hint ? `${message} - ${hint}` : message)
