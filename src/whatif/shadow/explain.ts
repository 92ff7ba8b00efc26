import {type Connection, QueryError, type Row} from '../../connect/postgres.js'
import {planOf} from '../plan-tree.js'
import {type Plan, PlanError, type PlanNode} from '../planner.js'

/** Longer than any planning takes: a hostile text must not hold the session. */
export const PLANNING_MS = 30_000

/** The plan's root of any statement that the session can plan; nothing is executed. */
export async function explainRoot(session: Connection, sql: string): Promise<PlanNode> {
  return planOf(await session.run(`EXPLAIN (FORMAT JSON) ${sql}`, {deadlineMs: PLANNING_MS})).root
}

/** Plans with the session's settings; parameters `$n` get no value. */
export async function explainGeneric(session: Connection, sql: string): Promise<Plan> {
  return planOf(await planned(session, `EXPLAIN (GENERIC_PLAN, FORMAT JSON) ${withoutEnd(sql)}`))
}

/** Plans with values; statements are prepared once, which types their parameters. */
export async function explainWithValues(
  session: Connection,
  prepared: Map<string, string>,
  sql: string,
  values: readonly string[],
): Promise<Plan> {
  let name = prepared.get(sql)
  if (!name) {
    name = `ahsp_db_${prepared.size + 1}`
    await planned(session, `PREPARE ${name} AS ${withoutEnd(sql)}`)
    prepared.set(sql, name)
  }
  const list = values.length > 0 ? `(${values.join(', ')})` : ''
  return planOf(await planned(session, `EXPLAIN (FORMAT JSON) EXECUTE ${name}${list}`))
}

const withoutEnd = (sql: string) => sql.replace(/[;\s]+$/, '')

/**
 * One statement, read-only: a text that smuggles in a second one cannot change the shadow. The server's refusal is the
 * statement's own: PlanError. A lost connection is not.
 */
export async function planned(session: Connection, sql: string): Promise<Row[][]> {
  try {
    const results = await session.run(`BEGIN READ ONLY; ${sql}\n; COMMIT`, {deadlineMs: PLANNING_MS})
    if (session.transaction === 'none' && results.length === 3) return results.slice(1, 2)
    throw new PlanError('more than one statement')
  } catch (error) {
    if (session.isOpen && session.transaction !== 'none') await session.run('ROLLBACK', {deadlineMs: PLANNING_MS})
    if (!(error instanceof QueryError) || error.kind === 'lost' || error.kind === 'cancelled') throw error
    throw new PlanError(error.message, {cause: error})
  }
}
