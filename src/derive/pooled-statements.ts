import type {Activity, Pooler, Section, Sections, Statement} from '../snapshot.js'
import {type PooledRole, type ServedDatabase, servedDatabases} from './served.js'

/** A role that works by transaction, with what pg_stat_statements counted of it in that database. */
export type RoleStatements = {
  pooled: PooledRole
  served: ServedDatabase
  statements: (Statement & {text: string})[]
}

/**
 * Per role and database whose pools all work by transaction (or statement): what needs a session has no home there.
 * A role that has a pool by session as well is left out: which way a statement came is not told.
 */
export function transactionRoles(
  poolers: readonly Pooler[],
  activity: Section<Activity>,
  statements: readonly Statement[],
  texts: Sections['statementTexts'],
): RoleStatements[] {
  const textOf = new Map(texts.map(({queryid, text}) => [queryid, text]))
  return servedDatabases(poolers, activity).flatMap(served => {
    const roles = new Map(served.roles.map(each => [each.role, each]))
    return [...roles.values()]
      .filter(({role}) => served.roles.every(each => each.role !== role || each.mode !== 'session'))
      .map(pooled => ({
        pooled,
        served,
        statements: statements.flatMap(each => {
          const text = each.queryid === null ? undefined : textOf.get(each.queryid)
          const isOwn = each.user === pooled.role && each.database === served.database && each.toplevel
          return isOwn && text !== undefined ? [{...each, text}] : []
        }),
      }))
  })
}

export const sumOfCalls = (statements: readonly Pick<Statement, 'calls'>[]): number =>
  statements.reduce((sum, {calls}) => sum + calls, 0)

/** What the counters do not tell, said with every finding that rests on them. */
export const COUNTED =
  'Counted for this role whichever way it came: calls from before the pooler, or past it, are among them.'

/** Old calls stay counted, so a cure shows only then. */
export const RESET_NOTE = 'Old calls stay counted until SELECT pg_stat_statements_reset().'
