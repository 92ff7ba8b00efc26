import type {Pooler, Section} from '../../snapshot.js'
import type {PoolerReader} from './reader.js'

/** No console was named. */
export const NO_POOLER: Section<never> = {
  ok: false,
  reason: 'unsupported',
  message: 'no PgBouncer console was given (--pgbouncer)',
}

/** What the consoles showed; those that failed are warnings as long as one did not. `asked` counts those never reached, too. */
export async function readPoolers(
  readers: readonly PoolerReader[],
  asked: number,
  warnings: string[],
): Promise<Section<Pooler[]>> {
  if (asked === 0) return NO_POOLER
  const results = await Promise.allSettled(readers.map(reader => reader.finish()))
  const failures = results.flatMap((result, at) =>
    result.status === 'rejected' ? [`${readers[at]!.name}: ${(result.reason as Error).message}`] : [],
  )
  const data = results.flatMap(result => (result.status === 'fulfilled' ? [result.value] : []))
  warnings.push(...failures)
  if (data.length === 0) {
    return {ok: false, reason: 'error', message: failures.join('; ') || 'no PgBouncer console could be reached'}
  }
  return {ok: true, data, ...(asked > data.length ? {total: asked} : {})}
}
