import {shellQuote} from '../fix/apply.js'
import type {FixRequest} from '../rule.js'
import type {Pool, Pooler, PoolerDatabase} from '../snapshot.js'
import {quoteIdent} from '../sql/quote.js'
import {poolerName, poolerNumber} from './pooler.js'

/** `pool "shop"/"app" at 10.0.0.5:6432`: findings about one (database, user) name it so. */
export const poolName = (pooler: Pooler, {database, user}: Pick<Pool, 'database' | 'user'>): string =>
  `pool ${quoteIdent(database)}/${quoteIdent(user)} at ${poolerName(pooler)}`

export type PoolMeasure = 'size' | 'reserve' | 'min' | 'limit'

/** Names in the section [pgbouncer] and in a line of [databases], and the value that holds for an entry. */
const MEASURES: Record<PoolMeasure, {general: string; entry: string; of: (entry: PoolerDatabase) => number | null}> = {
  size: {general: 'default_pool_size', entry: 'pool_size', of: entry => entry.poolSize},
  // 1.24 calls it reserve_pool_size there, too, and still takes the old name.
  reserve: {general: 'reserve_pool_size', entry: 'reserve_pool', of: entry => entry.reservePoolSize},
  min: {general: 'min_pool_size', entry: 'min_pool_size', of: entry => entry.minPoolSize},
  limit: {general: 'max_db_connections', entry: 'max_db_connections', of: entry => entry.maxConnections},
}

/** The line that decides a measure of a pool: the entry's own, where it has one, or the general one. */
export type PoolLine = {pooler: Pooler; name: string; database?: string; from: number}

export function lineOf(pooler: Pooler, entry: PoolerDatabase, measure: PoolMeasure): PoolLine {
  const {general, entry: own, of} = MEASURES[measure]
  const everywhere = poolerNumber(pooler, general)
  const here = of(entry)
  return here === null || everywhere === null || here === everywhere
    ? {pooler, name: general, from: here ?? everywhere ?? 0}
    : {pooler, name: own, database: entry.name, from: here}
}

export const isSameLine = (a: PoolLine, b: PoolLine): boolean =>
  a.pooler === b.pooler && a.name === b.name && a.database === b.database

/** `lines` without those that repeat, in their order. */
export const distinctLines = <L extends PoolLine>(lines: readonly L[]): L[] =>
  lines.filter((line, at) => lines.findIndex(other => isSameLine(line, other)) === at)

type Words = {note?: string; risk?: 'safe' | 'review'; title?: string}

/** The line with another value, as a fix. */
export const changeLine = ({pooler, name, database}: PoolLine, to: number, words: Words = {}): FixRequest => ({
  kind: 'pooler',
  pooler,
  name,
  to: `${to}`,
  ...(database === undefined ? {} : {database}),
  ...words,
})

/** A path that the console told, as a word of a shell command. */
export const shellPath = (path: string): string => (/^[\w./-]+$/.test(path) ? path : shellQuote(path))
