import type {FixRequest} from '../rule.js'
import type {Server, Vacuum, VacuumRelation} from '../snapshot.js'
import {qualified} from '../sql/quote.js'

/** `"public"."item"`, `"public"."item" (TOAST)` */
export const relationName = ({schema, name, kind}: VacuumRelation): string =>
  `${qualified(schema, name)}${kind === 'toast' ? ' (TOAST)' : ''}`

const latest = (...times: (number | null)[]): number | null => {
  const known = times.filter(time => time !== null)
  return known.length > 0 ? Math.max(...known) : null
}

export const lastVacuumed = ({lastVacuum, lastAutovacuum}: VacuumRelation) => latest(lastVacuum, lastAutovacuum)
export const lastAnalyzed = ({lastAnalyze, lastAutoanalyze}: VacuumRelation) => latest(lastAnalyze, lastAutoanalyze)

/** What autovacuum counts for its decisions: no temporary tables, no partitioned ones. */
export const isVacuumed = ({isTemporary, kind}: VacuumRelation) => !isTemporary && kind !== 'partitioned'

/** A reset or a crash sets the counter to zero, reltuples survives it. */
export const rowsOf = ({liveRows, rowsEstimate}: VacuumRelation) => Math.max(liveRows, rowsEstimate)

/** Of all rows, those that are dead: 0..100 */
export const deadShare = (relation: VacuumRelation) =>
  (100 * relation.deadRows) / Math.max(1, relation.deadRows + rowsOf(relation))

/** How many times the trigger of autovacuum is reached, by dead or by inserted rows; above 1 it is due. */
export function pressure({deadRows, vacuumTrigger, insertedSinceVacuum, insertTrigger}: VacuumRelation): number {
  const byInserts = insertTrigger === null ? 0 : (insertedSinceVacuum ?? 0) / Math.max(1, insertTrigger)
  return Math.max(deadRows / Math.max(1, vacuumTrigger), byInserts)
}

/**
 * Seconds for which it has probably been due, as if its rows had changed at an even rate since the last vacuum. A table
 * that was never vacuumed is only as old as its last ANALYZE proves; null: nothing tells how old it is.
 */
export function overdue(relation: VacuumRelation, {now}: Pick<Server, 'now'>): number | null {
  const since = lastVacuumed(relation) ?? lastAnalyzed(relation)
  const times = pressure(relation)
  if (times <= 1) return 0
  return since === null ? null : Math.max(0, now - since) * (1 - 1 / times)
}

/** Due, and neither switched off nor being vacuumed at this moment; the longest overdue first. */
export function waiting({relations, running}: Vacuum, server: Pick<Server, 'now'>) {
  const busy = new Set(running.map(({oid}) => oid))
  return relations
    .filter(
      relation => relation.autovacuum && isVacuumed(relation) && pressure(relation) > 1 && !busy.has(relation.oid),
    )
    .map(relation => ({relation, overdue: overdue(relation, server) ?? 0}))
    .sort((a, b) => b.overdue - a.overdue || b.relation.deadRows - a.relation.deadRows)
}

const LOCK =
  'SHARE UPDATE EXCLUSIVE on the table: reads and writes go on. To give empty pages at its end back to the disk it ' +
  'takes ACCESS EXCLUSIVE for a moment, and lets go when somebody waits.'

/** `command` for each table, a TOAST relation with its table. */
export function vacuumFix(
  command: string,
  relations: readonly VacuumRelation[],
  title: string,
  note?: string,
): FixRequest {
  const tables = [...new Set(relations.map(({schema, name}) => qualified(schema, name)))]
  return {
    kind: 'sql',
    title,
    statements: tables.map(table => `${command} ${table}`),
    undo: [],
    lock: LOCK,
    risk: 'safe',
    ...(note && {note}),
  }
}

/** Statistics of tables are each server's own, and nothing is vacuumed on a standby. */
export const onPrimary = (rule: string) => ({
  cannotJudge: 'a standby neither vacuums nor counts dead rows',
  cure: `ahsp-db check --only ${rule}   # on the primary`,
})
