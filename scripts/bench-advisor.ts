import type {AdvisorDatabase} from '../fixtures/advisor/load.js'
import {normalisedWorkload} from '../fixtures/advisor/normalised.js'
import type {Measured} from '../fixtures/advisor/run.js'
import {textOf} from '../fixtures/advisor/statement.js'
import {workloadOf} from '../fixtures/advisor/workload.js'
import type {Advice} from '../src/advisor/advice.js'
import {advise} from '../src/advisor/advise.js'
import {catalogOf} from '../src/advisor/catalog-of.js'
import type {WorkloadStatement} from '../src/advisor/costs.js'
import {definitionSql} from '../src/advisor/definition.js'
import {resolveConninfo} from '../src/connect/conninfo.js'
import {connect} from '../src/connect/postgres.js'
import {loadParser} from '../src/sql/parse.js'
import {openShadow} from '../src/whatif/shadow/planner.js'
import {readSchema} from '../src/whatif/shadow/read.js'

export type Asked = {
  database: AdvisorDatabase
  /** bytes of the new indexes together */
  budget: number
  /** number of new indexes, and the share of the cost that each must bring; default: the advisor's */
  maximum?: number
  minimumGain?: number
  /** normalised: what pg_stat_statements has; texts: with the values, the first ones of each statement */
  input: 'normalised' | 'texts'
  /** the workload as it runs without further indexes: pg_stat_statements knows times and rows */
  before: readonly Measured[]
}

/** CREATE INDEX statements of this project's advisor, and its seconds from the first look at the server. */
export async function askAdvisor(url: string, {database, input, before, ...options}: Asked) {
  const workload = await workloadFor(url, database, input, before)
  const started = performance.now()
  await loadParser()
  const connection = await connect(await resolveConninfo(url, {}))
  const schema = await readSchema(connection).finally(() => connection.close())
  const planner = await openShadow(schema)
  try {
    const advice: Advice = await advise(planner, catalogOf(schema), workload, options)
    return {
      indexes: advice.recommendations.map(({index}) => `CREATE INDEX ON ${definitionSql(index.definition)}`),
      seconds: (performance.now() - started) / 1000,
      promised: advice.after / advice.before,
      promisedBytes: advice.bytes,
      unplannable: advice.unplannable.map(({statement, reason}) => `${statement.id}: ${reason}`),
    }
  } finally {
    await planner.close()
  }
}

async function workloadFor(url: string, database: AdvisorDatabase, input: Asked['input'], before: readonly Measured[]) {
  const normalised = await normalisedWorkload(url, database)
  return workloadOf(database).map((statement, i): WorkloadStatement => {
    const {calls, rows, milliseconds} = before[i]!
    const sql = input === 'texts' ? textOf(statement, statement.params[0]!) : normalised[i]!.sql
    return {id: statement.name, sql, calls, rows: calls * rows, totalMs: calls * milliseconds}
  })
}
