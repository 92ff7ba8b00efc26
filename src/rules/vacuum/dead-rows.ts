import {
  deadShare,
  isVacuumed,
  lastVacuumed,
  onPrimary,
  pressure,
  relationName,
  rowsOf,
  vacuumFix,
} from '../../derive/vacuum.js'
import {defineRule, type FindingDraft, type FixRequest} from '../../rule.js'
import type {VacuumRelation} from '../../snapshot.js'
import {qualified} from '../../sql/quote.js'
import {bytes, number, seconds} from '../../units.js'

export default defineRule({
  id: 'vacuum/dead-rows',
  title: 'Table in which many rows are dead',
  category: 'vacuum',
  needs: ['server', 'vacuum'],
  options: {
    minRows: {default: 10_000, unit: 'count', help: 'fewer dead rows than this are left alone'},
    share: {default: 20, unit: 'percent', help: 'medium from this share of dead rows on'},
    manyRows: {default: 10_000_000, unit: 'count', help: 'medium from this many dead rows on, whatever ...'},
    manyShare: {default: 5, unit: 'percent', help: '... their share, above this one'},
    highShare: {default: 50, unit: 'percent', help: 'high when as many rows are dead as are live ...'},
    highRows: {default: 1_000_000, unit: 'count', help: '... and there are this many of them'},
    grace: {default: 300, unit: 'seconds', help: 'a table that was vacuumed this recently is being looked after'},
  },
  severity: {
    high: 'highShare of highRows or more: each scan reads as much waste as data, and plans count on wrong sizes',
    medium: 'share of minRows or more: disk, memory and scans pay for rows that nobody sees',
  },
  why:
    'An UPDATE or DELETE leaves the old row behind until vacuum removes it; scans and indexes go over it until then. ' +
    'The space is used again after a vacuum, but what a table has grown by meanwhile stays.',
  references: ['https://www.postgresql.org/docs/current/routine-vacuuming.html#VACUUM-FOR-SPACE-RECOVERY'],
  peers: ['PB', 'PD', 'DX', 'DA', 'FA'],
  check({server, vacuum}, options) {
    if (server.inRecovery) return onPrimary('vacuum/dead-rows')
    const candidates = vacuum.relations.filter(isVacuumed).sort((a, b) => b.deadRows - a.deadRows)
    const isMany = (relation: VacuumRelation) =>
      relation.deadRows >= options.manyRows && deadShare(relation) >= options.manyShare
    const isHigh = (relation: VacuumRelation) =>
      relation.deadRows >= options.highRows && deadShare(relation) >= options.highShare
    const isLookedAfter = (relation: VacuumRelation) =>
      server.now - (lastVacuumed(relation) ?? 0) < options.grace && relation.deadRows < options.highRows
    const ill = candidates.filter(
      relation =>
        relation.deadRows >= options.minRows &&
        (deadShare(relation) >= options.share || isMany(relation)) &&
        !isLookedAfter(relation),
    )
    const findings = ill.map(relation => draft(relation, server.now, isHigh(relation)))
    const [worst] = candidates
    return {
      summary:
        worst && worst.deadRows >= options.minRows
          ? `most dead rows: ${number(worst.deadRows)} (${Math.round(deadShare(worst))} %) in ${relationName(worst)}`
          : `no table has ${number(options.minRows)} dead rows`,
      findings: findings,
    }
  },
})

function draft(relation: VacuumRelation, now: number, isHigh: boolean): FindingDraft {
  const name = relationName(relation)
  const share = Math.round(deadShare(relation))
  const last = lastVacuumed(relation)
  return {
    severity: isHigh ? 'high' : 'medium',
    subject: name,
    title: `${share} % of the rows of ${name} are dead (${number(relation.deadRows)})`,
    detail: `${reason(relation)} The counters are estimates; pgstattuple_approx() tells exactly.`,
    evidence: [
      {label: 'dead rows', value: relation.deadRows, unit: 'count', source: 'pg_stat_all_tables.n_dead_tup'},
      {label: 'live rows', value: rowsOf(relation), unit: 'count', source: 'n_live_tup or reltuples'},
      {label: 'size', value: bytes(relation.bytes), source: 'pg_class.relpages, without indexes'},
      {label: 'autovacuum comes from', value: relation.vacuumTrigger, unit: 'count', source: 'settings and reloptions'},
      {
        label: 'last vacuum',
        value: last === null ? 'never' : `${seconds(now - last)} ago`,
        source: 'pg_stat_all_tables',
      },
    ],
    confidence: 'measured',
    fixes: [
      vacuumFix('VACUUM', [relation], `Vacuum ${qualified(relation.schema, relation.name)}`, KEPT),
      ...(pressure(relation) <= 1 ? [earlier(relation)] : []),
    ],
  }
}

const KEPT =
  'Rows that an open transaction, slot or standby may still see stay: vacuum/horizon-holders names it. ' +
  'Afterwards the space is free for new rows of this table; it is not given back to the disk.'

function reason(relation: VacuumRelation): string {
  if (!relation.autovacuum) return 'Autovacuum is switched off for this table (vacuum/disabled).'
  if (pressure(relation) <= 1) return 'Autovacuum will not come yet: its limit for this table is higher.'
  return lastVacuumed(relation) === null
    ? 'Autovacuum should have come. If the rows died just now, it will come within minutes.'
    : 'Autovacuum should have come, or it could not remove them (vacuum/backlog, vacuum/horizon-holders).'
}

/** For TOAST the option has a prefix. */
function earlier({schema, name, kind, options, rowsEstimate}: VacuumRelation): FixRequest {
  const option = `${kind === 'toast' ? 'toast.' : ''}autovacuum_vacuum_scale_factor`
  const old = options.autovacuum_vacuum_scale_factor
  const factor = rowsEstimate >= 10_000_000 ? 0.01 : 0.05
  const alter = `ALTER TABLE ${qualified(schema, name)}`
  return {
    kind: 'sql',
    title: 'Let autovacuum come earlier for this table',
    statements: [`${alter} SET (${option} = ${factor})`],
    undo: [old === undefined ? `${alter} RESET (${option})` : `${alter} SET (${option} = ${Number(old)})`],
    lock: 'SHARE UPDATE EXCLUSIVE on the table, for a moment: reads and writes go on.',
  }
}
