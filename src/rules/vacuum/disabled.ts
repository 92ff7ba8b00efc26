import {isOn} from '../../derive/settings.js'
import {isVacuumed, lastAnalyzed, lastVacuumed, onPrimary, pressure, relationName} from '../../derive/vacuum.js'
import {defineRule, type FindingDraft, type Severity} from '../../rule.js'
import type {VacuumRelation} from '../../snapshot.js'
import {qualified} from '../../sql/quote.js'
import {number, seconds} from '../../units.js'

/** Autovacuum needs both. */
const SWITCHES = ['autovacuum', 'track_counts'] as const

export default defineRule({
  id: 'vacuum/disabled',
  title: 'Autovacuum is switched off',
  category: 'vacuum',
  needs: ['server', 'settings', 'vacuum'],
  settings: SWITCHES,
  options: {
    byHand: {default: 86_400, unit: 'seconds', help: 'a table that was vacuumed this recently is looked after by hand'},
  },
  severity: {
    high: 'off for the whole server: every table that is written grows, and plans rest on old statistics',
    medium: 'off for a table that would be due, and that nobody vacuumed by hand: it grows',
    low: 'off for a table in which little happens: forgotten, until somebody writes to it',
    info: 'off for a table that was vacuumed by hand within byHand: somebody means it so',
  },
  why:
    'Without autovacuum dead rows stay, tables and indexes grow, and the planner works with old statistics. ' +
    'It is often switched off for an import and then forgotten; only wraparound starts it nevertheless.',
  references: ['https://www.postgresql.org/docs/current/runtime-config-autovacuum.html#GUC-AUTOVACUUM'],
  peers: ['PB', 'PD', 'DA'],
  check({server, settings, vacuum}, options) {
    if (server.inRecovery) return onPrimary('vacuum/disabled')
    const off = SWITCHES.filter(name => !isOn(settings, name))
    const tables = vacuum.relations.filter(relation => !relation.autovacuum && isVacuumed(relation))
    const severity = (relation: VacuumRelation): Severity => {
      if (server.now - (lastVacuumed(relation) ?? 0) < options.byHand) return 'info'
      return isNeglected(relation) ? 'medium' : 'low'
    }
    const findings = tables
      .map(relation => draft(relation, severity(relation), server.now))
      .sort((a, b) => Number(a.severity !== 'medium') - Number(b.severity !== 'medium'))
    return {
      summary:
        off.length > 0
          ? off.map(name => `${name} = off`).join(', ')
          : `autovacuum = on, switched off for ${tables.length || 'no'} relation${tables.length > 1 ? 's' : ''}`,
      findings: [...off.map(whole), ...findings],
    }
  },
})

/** What autovacuum would have done by now. */
const isNeglected = (relation: VacuumRelation): boolean =>
  pressure(relation) > 1 || relation.modifiedSinceAnalyze > (relation.analyzeTrigger ?? Number.POSITIVE_INFINITY)

function whole(name: (typeof SWITCHES)[number]): FindingDraft {
  return {
    severity: 'high',
    subject: name,
    title: name === 'autovacuum' ? 'Autovacuum is off' : 'Autovacuum does not work without track_counts',
    detail:
      'No table of any database is vacuumed or analyzed unless somebody does it by hand. When it was off for long, ' +
      'the first hours after switching it on will be busy.',
    evidence: [{label: name, value: 'off', source: 'pg_settings'}],
    confidence: 'measured',
    fixes: [{kind: 'setting', name, to: 'on'}],
  }
}

function draft(relation: VacuumRelation, severity: Severity, now: number): FindingDraft {
  const name = relationName(relation)
  const last = lastVacuumed(relation)
  const option = `${relation.kind === 'toast' ? 'toast.' : ''}autovacuum_enabled`
  const alter = `ALTER TABLE ${qualified(relation.schema, relation.name)}`
  return {
    severity,
    subject: name,
    title: `Autovacuum is switched off for ${name}`,
    detail:
      severity === 'info'
        ? 'It is vacuumed by hand, it seems. Autovacuum would do it when it is needed, not when the clock says so.'
        : 'If it was switched off for an import, the import is the time to switch it on again.',
    evidence: [
      {label: 'dead rows', value: relation.deadRows, unit: 'count', source: 'pg_stat_all_tables'},
      {
        label: 'changed since ANALYZE',
        value: `${number(relation.modifiedSinceAnalyze)}${lastAnalyzed(relation) === null ? ', never analyzed' : ''}`,
        source: 'pg_stat_all_tables',
      },
      {
        label: 'last vacuum',
        value: last === null ? 'never' : `${seconds(now - last)} ago`,
        source: 'pg_stat_all_tables',
      },
    ],
    confidence: 'measured',
    fixes: [
      {
        kind: 'sql',
        title: 'Switch it on again',
        statements: [`${alter} RESET (${option})`],
        undo: [`${alter} SET (${option} = false)`],
        lock: 'SHARE UPDATE EXCLUSIVE on the table, for a moment: reads and writes go on.',
        risk: 'safe',
      },
    ],
  }
}
