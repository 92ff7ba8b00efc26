import {judgeTimeouts, timeoutFixes, timeoutsText} from '../../derive/timeouts.js'
import {defineRule, type FixRequest} from '../../rule.js'
import {milliseconds} from '../../units.js'

export default defineRule({
  id: 'timeouts/statement',
  title: 'Queries may run for ever',
  category: 'timeouts',
  needs: ['server', 'settings', 'roles', 'roleSettings'],
  uses: ['fileSettings', 'activity', 'poolers'],
  settings: ['statement_timeout'],
  options: {
    max: {default: 300, unit: 'seconds', help: 'a longer limit does not protect an application'},
  },
  severity: {
    medium: 'a role in use has no limit: one hung query keeps its connection, its locks and its memory',
    low: 'the limit is above max: the users have gone long before it acts',
  },
  why:
    'A query that nobody waits for any more still holds a connection and its locks. statement_timeout ends it; ' +
    'without one a few hung queries use up all connections.',
  references: ['https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-STATEMENT-TIMEOUT'],
  check(sections, {max}) {
    const timeouts = judgeTimeouts('statement_timeout', max * 1000, sections)
    if (!timeouts) return {cannotJudge: "the server's statement_timeout is hidden behind our own role's"}
    const {known, offenders, inUse} = timeouts
    const summary = timeoutsText('statement_timeout', known)
    if (offenders.length === 0) return {summary, findings: []}
    const isUnlimited = offenders.some(({ms}) => ms === 0)
    return {
      summary,
      findings: [
        {
          severity: isUnlimited ? 'medium' : 'low',
          subject: 'statement_timeout',
          title: isUnlimited ? 'Queries may run for ever' : `Queries may run for more than ${milliseconds(max * 1000)}`,
          detail:
            `${timeoutsText('statement_timeout', offenders)}. No hung query is claimed here: sessions/long-query ` +
            'tells what runs now.',
          evidence: offenders.map(({role, ms, override}) => ({
            label: `statement_timeout for role ${role}`,
            ...(ms === 0 ? {value: 'none (0)'} : {value: ms, unit: 'milliseconds'}),
            source: override ? 'pg_db_role_setting' : 'pg_settings',
          })),
          confidence: inUse ? 'measured' : 'estimated',
          fixes: [
            ...timeoutFixes('statement_timeout', '30s', offenders, NOTE),
            // PgBouncer refuses or drops start-up options.
            ...(sections.poolers.ok ? [] : [inApplication]),
          ],
        },
      ],
    }
  },
})

const NOTE =
  'Migrations and long reports need more: let them SET statement_timeout themselves, or run them as another role. ' +
  'pg_dump switches it off for itself.'

const inApplication: FixRequest = {
  kind: 'app',
  title: 'Or in the application, where the database may not be changed',
  note: 'Poolers in transaction mode refuse or ignore start-up options: then use ALTER ROLE.',
  by: {
    django: {
      where: "settings.py, DATABASES['default']",
      lines: ["'OPTIONS': {'connect_timeout': 10, 'options': '-c statement_timeout=30000'},"],
    },
    rails: {where: 'config/database.yml', lines: ['variables:', '  statement_timeout: 30s']},
    sequelize: {where: 'the Sequelize options', lines: ['dialectOptions: {statement_timeout: 30000}']},
    plain: {where: 'the connection string', lines: ['options=-c%20statement_timeout%3D30000']},
  },
}
