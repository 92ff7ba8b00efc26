import pg from 'pg'
import {afterAll, beforeAll, expect, test} from 'vitest'
import {loadAhsp} from '../../fixtures/ahsp/load.js'
import {advise} from '../../src/advisor/advise.js'
import type {Catalog} from '../../src/advisor/catalog.js'
import {catalogOf} from '../../src/advisor/catalog-of.js'
import {type LongerIndex, longerIndexes} from '../../src/advisor/longer.js'
import {readStatements} from '../../src/advisor/questions.js'
import {resolveConninfo} from '../../src/connect/conninfo.js'
import {connect} from '../../src/connect/postgres.js'
import {type EmbeddedServer, embeddedAvailable, startServer} from '../../src/embedded/server.js'
import {loadParser} from '../../src/sql/parse.js'
import {openShadow} from '../../src/whatif/shadow/planner.js'
import {readSchema} from '../../src/whatif/shadow/read.js'
import {ahspStatements} from './workload.js'

const hasServer = embeddedAvailable().ok
const PROJECTS = Array.from({length: 29}, (_, at) => at + 1)
const KEY = 'CREATE INDEX pekerjaan_project ON detail_project_pekerjaan (project_id)'
const COMPOSITE = 'CREATE INDEX pekerjaan_order ON detail_project_pekerjaan (project_id, ordering_index)'

let server: EmbeddedServer
let client: pg.Client

beforeAll(async () => {
  await loadParser()
  if (!hasServer) return
  server = await startServer()
  await loadAhsp(server.url())
  client = new pg.Client({connectionString: server.url()})
  await client.connect()
  await client.query('DROP INDEX detail_pekerjaan_project_order_idx, detail_pekerjaan_project_sub_idx')
})
afterAll(async () => {
  await client?.end()
  await server?.stop()
})

let catalog: Catalog

async function longerOnes(): Promise<LongerIndex[]> {
  const connection = await connect(await resolveConninfo(server.url(), {}))
  const schema = await readSchema(connection)
  await connection.close()
  const workload = await ahspStatements(server.url(), PROJECTS)
  const planner = await openShadow(schema)
  try {
    catalog = catalogOf(schema)
    return await longerIndexes(planner, catalog, workload, await advise(planner, catalog, workload))
  } finally {
    await planner.close()
  }
}

const composite = (found: readonly LongerIndex[]) =>
  found.find(({definition}) => definition.keys.map(({sql}) => sql).join() === '"project_id","ordering_index"')

/** Of the same values, weighted in the same way. */
async function realCost({statement}: LongerIndex): Promise<number> {
  let sum = 0
  for (const {sql, weight} of readStatements([statement], catalog).questions[0]!.variants) {
    const {rows} = await client.query(`EXPLAIN (FORMAT JSON) ${sql}`)
    sum += rows[0]['QUERY PLAN'][0].Plan['Total Cost'] * weight
  }
  return sum
}

test.runIf(hasServer)(
  'where the key has its index, the composite one is refused with the costs that the server itself has for both',
  async () => {
    await client.query(KEY)
    const refused = composite(await longerOnes())!
    expect(refused.served).toBe('("project_id")')
    expect(refused.after).toBeGreaterThan(refused.before / 2)
    const before = await realCost(refused)
    await client.query(`DROP INDEX pekerjaan_project; ${COMPOSITE}`)
    const after = await realCost(refused)
    await client.query('DROP INDEX pekerjaan_order')
    expect(refused.before / before).toBeCloseTo(1, 1)
    expect(refused.after / after).toBeCloseTo(1, 1)
  },
)

test.runIf(hasServer)('an index that is advised counts as there', async () => {
  expect(composite(await longerOnes())?.served).toBe('("project_id")')
})
