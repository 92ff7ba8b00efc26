import {enableStatements} from '../../derive/statements-state.js'
import {defineRule, type FixRequest} from '../../rule.js'
import type {Section, Server, Setting, StatementsInfo} from '../../snapshot.js'
import {seconds} from '../../units.js'

/** One thing that a load test would lack, and how to get it. */
type Missing = {what: string; value: string; fixes: FixRequest[]}

const SETTINGS: {name: string; good: string; what: string}[] = [
  {name: 'track_io_timing', good: 'on', what: 'time spent on reading and writing'},
  {name: 'log_lock_waits', good: 'on', what: 'waits for locks in the log'},
  {name: 'track_activities', good: 'on', what: 'what the sessions are doing'},
  {name: 'track_counts', good: 'on', what: 'counters of tables and indexes'},
]

export default defineRule({
  id: 'observability/ready-to-measure',
  title: 'Ready to measure: what a load test would leave unknown',
  category: 'observability',
  needs: ['server', 'settings'],
  uses: ['statementsInfo'],
  options: {
    freshReset: {default: 24 * 3600, unit: 'seconds', help: 'statements counted since longer than this blur a test'},
  },
  severity: {info: 'a list to work through before a load test; what matters at any time has rules of its own'},
  why:
    'A load test that was not measured has to be run again. Before it: statements counted from zero, input and output ' +
    'timed, waits for locks and slow statements in the log.',
  references: ['https://www.postgresql.org/docs/current/pgstatstatements.html'],
  check({server, settings, statementsInfo}, {freshReset}, {users}) {
    if (users === undefined) return {summary: 'no load is planned (--users N asks about one)', findings: []}
    const missing = [
      ...statements(server, settings, statementsInfo, freshReset),
      ...SETTINGS.flatMap(each => settingMissing(each, settings)),
      ...slowStatements(settings),
    ]
    if (missing.length === 0) return {summary: `ready to measure a load of ${users} users`, findings: []}
    const list = missing.map(({what}) => what).join('; ')
    return {
      summary: `not measured yet: ${list}`,
      findings: [
        {
          severity: 'info',
          subject: 'load test',
          title: `Before a load test with ${users} users: ${missing.length} ${missing.length === 1 ? 'thing is' : 'things are'} not measured`,
          detail: `Missing: ${list}.`,
          evidence: missing.map(({what, value}) => ({label: what, value, source: 'pg_settings, pg_stat_statements'})),
          confidence: 'measured',
          fixes: missing.flatMap(({fixes}) => fixes),
        },
      ],
    }
  },
})

function statements(server: Server, settings: Setting[], info: Section<StatementsInfo>, freshReset: number): Missing[] {
  const isLoaded = settings.some(({name}) => name === 'pg_stat_statements.max')
  if (!isLoaded || !server.statementsExtension) {
    const value = isLoaded ? 'pg_stat_statements is not created' : 'pg_stat_statements is not preloaded'
    return [{what: 'time per statement', value, fixes: enableStatements(isLoaded, server, settings)}]
  }
  const since = info.ok ? info.data.statsReset : null
  if (since === null || server.now - since < freshReset) return []
  const schema = `"${server.statementsExtension.schema.replaceAll('"', '""')}"`
  const reset: FixRequest = {
    kind: 'sql',
    title: 'Count the statements from zero, right before the test',
    statements: [`SELECT ${schema}.pg_stat_statements_reset()`],
    undo: [],
    lock: 'none',
    note: 'What was counted until now is gone: take `ahsp-db snapshot -o before.json` first. Leave pg_stat_reset() alone, autovacuum needs those counters.',
  }
  return [
    {what: 'the test alone', value: `statements are counted since ${seconds(server.now - since)}`, fixes: [reset]},
  ]
}

function settingMissing({name, good, what}: (typeof SETTINGS)[number], settings: Setting[]): Missing[] {
  const found = settings.find(setting => setting.name === name)
  if (!found || found.value === good) return []
  return [{what, value: `${name} = ${found.value}`, fixes: [{kind: 'setting', name, to: good}]}]
}

/** Any way of logging them will do. */
function slowStatements(settings: Setting[]): Missing[] {
  const name = 'log_min_duration_statement'
  const ways = [name, 'log_min_duration_sample', 'auto_explain.log_min_duration']
  const seen = settings.filter(setting => ways.includes(setting.name))
  if (seen.length === 0 || seen.some(({value}) => Number(value) >= 0)) return []
  return [{what: 'slow statements in the log', value: `${name} = -1`, fixes: [{kind: 'setting', name, to: '1s'}]}]
}
