import {lookedAt, MOST, type Query, queriesOf, queryEvidence, querySubject, shownText} from '../../derive/queries.js'
import {isOn} from '../../derive/settings.js'
import {defineRule, type FindingDraft, type FixRequest} from '../../rule.js'
import {milliseconds} from '../../units.js'

const TRACK = 'pg_stat_statements.track_planning'

export default defineRule({
  id: 'queries/planning-heavy',
  title: 'Statement that takes longer to plan than to run',
  category: 'queries',
  needs: ['server', 'settings', 'statements', 'statementTexts', 'statementsInfo'],
  options: {
    minPlan: {default: 5, unit: 'milliseconds', help: 'planning per call; less is noticed by nobody'},
    ratio: {default: 1, unit: 'ratio', help: 'planning time divided by execution time'},
    minCalls: {default: 100, unit: 'count', help: 'calls that are planned anew each time'},
    minShare: {default: 1, unit: 'percent', help: 'planning and execution must take this share of all statement time'},
    highShare: {default: 10, unit: 'percent', help: 'medium from this share on'},
  },
  severity: {
    medium: 'its planning takes highShare of all statement time',
    low: 'it takes less',
  },
  why:
    'Each call is planned before it runs. With many joins, or a table of many partitions, that can take longer than ' +
    'the work itself; a prepared statement is planned once for all calls of a connection.',
  references: ['https://www.postgresql.org/docs/current/sql-prepare.html'],
  check({settings, ...input}, options) {
    const track = settings.find(({name}) => name === TRACK)
    if (!track)
      return {cannotJudge: `pg_stat_statements ${input.statementsInfo.extensionVersion} does not time planning`}
    if (!isOn(settings, TRACK)) {
      return {
        cannotJudge: 'the time of planning is not measured',
        cure: `ALTER SYSTEM SET ${TRACK} = on; SELECT pg_reload_conf();`,
      }
    }
    const queries = queriesOf(input)
    const heavy = queries
      .filter(
        ({planMs, totalMs, calls, share}) =>
          planMs !== null &&
          calls >= options.minCalls &&
          planMs / calls >= options.minPlan &&
          planMs > options.ratio * totalMs &&
          share * (1 + planMs / totalMs) >= options.minShare,
      )
      .sort((a, b) => b.planMs! - a.planMs!)
    return {
      summary: lookedAt(
        heavy.length,
        queries,
        `take longer to plan (${milliseconds(options.minPlan)} or more) than to run`,
      ),
      findings: heavy.slice(0, MOST).map(query => draft(query, options.highShare)),
    }
  },
})

function draft(query: Query, highShare: number): FindingDraft {
  const {planMs, plans, calls, meanMs, totalMs, share} = query
  return {
    severity: (share * planMs!) / totalMs >= highShare ? 'medium' : 'low',
    subject: querySubject(query),
    title: `A statement takes ${milliseconds(planMs! / calls)} to plan and ${milliseconds(meanMs)} to run`,
    detail: `${shownText(query)} - What makes its plan expensive was not looked at: joins, partitions, views in views.`,
    evidence: queryEvidence(
      query,
      {label: 'planning per call', value: planMs! / calls, unit: 'milliseconds'},
      {label: 'times planned', value: plans ?? 0, unit: 'count'},
    ),
    confidence: 'measured',
    fixes: [prepare, fewer],
  }
}

const prepare: FixRequest = {
  kind: 'app',
  title: 'Prepare it once for each connection',
  note: 'Behind PgBouncer with pool_mode = transaction that needs 1.21 or later with max_prepared_statements.',
  by: {
    django: {
      where: "settings.py, DATABASES['default'] (psycopg 3)",
      lines: ["'CONN_MAX_AGE': 600,", "'OPTIONS': {'prepare_threshold': 5, 'server_side_binding': True},"],
    },
    rails: {where: 'config/database.yml', lines: ['prepared_statements: true']},
    knex: {where: 'the driver (pg)', lines: ["client.query({name: 'recap', text: '...', values: [...]})"]},
    plain: {
      where: "the driver's options",
      lines: ['Give the statement a name, so that it is parsed and planned once.'],
    },
  },
}

const fewer: FixRequest = {
  kind: 'action',
  title: 'Or make it simpler to plan',
  steps: [
    'Name the partition key, so that most partitions are left out at once; merge old partitions.',
    'Fewer joins: not every view that is joined is needed; split it in two statements.',
  ],
}
