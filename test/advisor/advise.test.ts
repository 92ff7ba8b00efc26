import {afterAll, beforeAll, expect, test} from 'vitest'
import {loadAhsp} from '../../fixtures/ahsp/load.js'
import {advise} from '../../src/advisor/advise.js'
import {catalogOf} from '../../src/advisor/catalog-of.js'
import {definitionSql} from '../../src/advisor/definition.js'
import {resolveConninfo} from '../../src/connect/conninfo.js'
import {connect} from '../../src/connect/postgres.js'
import {type EmbeddedServer, embeddedAvailable, startServer} from '../../src/embedded/server.js'
import {loadParser} from '../../src/sql/parse.js'
import {readSchema} from '../../src/whatif/shadow/read.js'
import {realPlanner} from './real-planner.js'
import {ahspStatements} from './workload.js'

const hasServer = embeddedAvailable().ok
const PROJECTS = Array.from({length: 29}, (_, at) => at + 1)

let server: EmbeddedServer

beforeAll(async () => {
  await loadParser()
  if (hasServer) server = await startServer()
})
afterAll(() => server?.stop())

async function adviceFor(name: string, disease: boolean) {
  const maintenance = await connect(await resolveConninfo(server.url(), {}))
  await maintenance.run(`CREATE DATABASE ${name}`, {deadlineMs: 30_000})
  await maintenance.close()
  const url = server.url(name)
  await loadAhsp(url, {disease})
  const connection = await connect(await resolveConninfo(url, {}))
  const schema = await readSchema(connection)
  await connection.close()
  const workload = await ahspStatements(url, PROJECTS)
  const planner = await realPlanner(url)
  try {
    return await advise(planner, catalogOf(schema), [
      ...workload,
      {id: 'x', sql: 'SELECT FROM', calls: 9, rows: null, totalMs: 1},
    ])
  } finally {
    await planner.close()
  }
}

test.runIf(hasServer)('the index that the workload lacks comes out by itself, and lowers its cost', async () => {
  const advice = await adviceFor('diseased', true)
  const found = advice.recommendations.map(({index}) => definitionSql(index.definition))
  expect(found).toEqual(['"public"."detail_project_pekerjaan" USING btree ("project_id")'])
  const [first] = advice.recommendations
  expect(first!.serves[0]!.after).toBeLessThan(first!.serves[0]!.before / 2)
  expect(advice.after).toBeLessThan(advice.before)
  expect(advice.unplannable.map(({statement}) => statement.id)).toEqual(['x'])
})

test.runIf(hasServer)('where every statement is served no index pays, and the closest one is named', async () => {
  const advice = await adviceFor('healthy', false)
  expect(advice.recommendations.map(({index}) => definitionSql(index.definition))).toEqual([])
  expect(advice.after).toBe(advice.before)
  expect(advice.closest?.reason).toMatch(/in memory|less than/)
})
