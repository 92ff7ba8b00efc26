import {lastAnalyzed, onPrimary, relationName, rowsOf} from '../../derive/vacuum.js'
import {defineRule, type FindingDraft, type Severity} from '../../rule.js'
import type {VacuumRelation} from '../../snapshot.js'
import {qualified} from '../../sql/quote.js'
import {number, seconds} from '../../units.js'

export default defineRule({
  id: 'vacuum/stale-statistics',
  title: 'Planner statistics that are missing or old',
  category: 'vacuum',
  needs: ['server', 'vacuum'],
  options: {
    minRows: {default: 10_000, unit: 'count', help: 'tables with fewer rows, or fewer changed ones, are left alone'},
    minPartitioned: {default: 100_000, unit: 'count', help: 'the same for partitioned tables, with all partitions'},
    factor: {default: 2, unit: 'ratio', help: 'changed rows, in units of what makes autovacuum analyze the table'},
    minAge: {default: 3600, unit: 'seconds', help: 'statistics younger than this are not old'},
  },
  severity: {
    medium:
      'never analyzed with autovacuum off for it, or more rows changed than there are: plans are made for another table',
    low: 'changed by factor times the trigger, or never analyzed: it was just loaded, or autovacuum does not come to it',
  },
  why:
    'The planner chooses indexes and join methods by statistics that ANALYZE collects. ' +
    'When they tell of another table than the one there is, a query that took milliseconds takes minutes.',
  references: ['https://www.postgresql.org/docs/current/routine-vacuuming.html#VACUUM-FOR-STATISTICS'],
  peers: ['PB', 'FA', 'DA', 'DX'],
  check({server, vacuum}, options) {
    if (server.inRecovery) return onPrimary('vacuum/stale-statistics')
    const tables = vacuum.relations.filter(({isTemporary, kind}) => !isTemporary && kind !== 'toast')
    const severity = (relation: VacuumRelation): Severity | null => {
      if (relation.kind === 'partitioned') return relation.liveRows >= options.minPartitioned ? 'low' : null
      const {modifiedSinceAnalyze: changed, analyzeTrigger} = relation
      if (analyzeTrigger === null || changed < options.minRows || changed < options.factor * analyzeTrigger) return null
      const last = lastAnalyzed(relation)
      if (last === null) return rowsOf(relation) < options.minRows ? null : relation.autovacuum ? 'low' : 'medium'
      return server.now - last < options.minAge ? null : changed >= rowsOf(relation) ? 'medium' : 'low'
    }
    const ill = tables
      .flatMap(relation => ({relation, severity: severity(relation)}))
      .filter((each): each is {relation: VacuumRelation; severity: Severity} => each.severity !== null)
      .sort(
        (a, b) =>
          Number(a.severity === 'low') - Number(b.severity === 'low') ||
          b.relation.modifiedSinceAnalyze - a.relation.modifiedSinceAnalyze,
      )
    return {
      summary: `${ill.length || 'no'} table${ill.length > 1 ? 's' : ''} with old or no statistics, ${number(vacuum.total)} relations looked at`,
      findings: ill.map(each => draft(each.relation, each.severity, server.now)),
    }
  },
})

function draft(relation: VacuumRelation, severity: Severity, now: number): FindingDraft {
  const name = relationName(relation)
  const last = lastAnalyzed(relation)
  const isParent = relation.kind === 'partitioned'
  return {
    severity,
    subject: name,
    title: isParent
      ? `Partitioned table ${name} has never been analyzed`
      : last === null
        ? `${name} has never been analyzed${relation.rowsEstimate >= 0 ? ' since the counters began' : ''}`
        : `${number(relation.modifiedSinceAnalyze)} rows of ${name} changed since it was analyzed`,
    detail: isParent
      ? 'Autovacuum analyzes its partitions, never the table as a whole. Joins and counts over all partitions are planned by guesses.'
      : last === null
        ? 'If it was loaded just now, autovacuum will come within minutes. A crash loses these counters: then it is only said to be so.'
        : 'Whether a plan suffers from it cannot be seen from here; columns whose values moved on (dates, new ids) are hit first.',
    evidence: [
      {label: 'rows', value: rowsOf(relation), unit: 'count', source: 'n_live_tup or reltuples'},
      {label: 'changed since', value: relation.modifiedSinceAnalyze, unit: 'count', source: 'n_mod_since_analyze'},
      {label: 'autovacuum analyzes from', value: relation.analyzeTrigger ?? 'never', source: 'settings and reloptions'},
      {
        label: 'last ANALYZE',
        value: last === null ? 'never' : `${seconds(now - last)} ago`,
        source: 'pg_stat_all_tables',
      },
    ],
    confidence: 'measured',
    fixes: [
      {
        kind: 'sql',
        title: `Analyze ${name}`,
        statements: [`ANALYZE ${qualified(relation.schema, relation.name)}`],
        undo: [],
        lock: 'SHARE UPDATE EXCLUSIVE on the table: reads and writes go on; it reads a sample of the rows.',
        risk: 'safe',
        ...(isParent && {note: 'Do it again after large changes, for example in a weekly job.'}),
      },
    ],
  }
}
