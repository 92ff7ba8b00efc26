import type {FixRequest} from '../rule.js'
import type {Server, Setting, StatementsInfo} from '../snapshot.js'
import {quoteIdent} from '../sql/quote.js'
import {number} from '../units.js'

const NAME = 'pg_stat_statements'

/** What one eviction removes: 5 % of the entries, at least 10 (pg_stat_statements.c). */
const evictedAtOnce = (max: number) => Math.max(10, 0.05 * max)

export const evictionsText = ({evictions}: StatementsInfo) =>
  evictions === null ? 'evictions are not counted before 14' : `${number(evictions)} evictions`

/** Seconds in which all entries are replaced once; null: that has not happened yet, or is not counted. */
export function turnoverOf({evictions, maxEntries, statsReset}: StatementsInfo, now: number): number | null {
  if (evictions === null || statsReset === null) return null
  const turnovers = (evictions * evictedAtOnce(maxEntries)) / maxEntries
  return turnovers < 1 ? null : (now - statsReset) / turnovers
}

/** null: hidden from our role */
export const librariesOf = (settings: readonly Setting[]): string | null =>
  settings.find(({name}) => name === 'shared_preload_libraries')?.value ?? null

/** What is missing for pg_stat_statements to work, in order: preload it beside what is there, then create it. */
export function enableStatements(isLoaded: boolean, server: Server, settings: readonly Setting[]): FixRequest[] {
  const libraries = (librariesOf(settings) ?? '').split(',').map(each => each.trim())
  const load: FixRequest = {
    kind: 'setting',
    name: 'shared_preload_libraries',
    to: [...libraries.filter(each => each !== '' && each !== NAME), NAME].join(', '),
    risk: 'review',
  }
  const create: FixRequest = {
    kind: 'sql',
    title: `Create the extension in ${quoteIdent(server.database)}`,
    statements: [`CREATE EXTENSION IF NOT EXISTS ${NAME}`],
    undo: [`DROP EXTENSION ${NAME}`],
    lock: 'none',
    risk: 'safe',
    ...(isLoaded ? {} : {note: 'After the restart: both are needed.'}),
  }
  return [...(isLoaded ? [] : [load]), ...(server.statementsExtension ? [] : [create])]
}
