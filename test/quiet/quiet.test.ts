import pg from 'pg'
import {describe, expect, it} from 'vitest'
import {HEALTHY_CONTEXT, HEALTHY_SETTINGS} from '../../fixtures/lab.js'
import empty from '../../fixtures/quiet/empty.js'
import partitioned from '../../fixtures/quiet/partitioned.js'
import pgbench from '../../fixtures/quiet/pgbench.js'
import sequelize from '../../fixtures/quiet/sequelize.js'
import tenants from '../../fixtures/quiet/tenants.js'
import type {QuietDatabase} from '../../fixtures/quiet.js'
import {analyze} from '../../src/analyze.js'
import {collect} from '../../src/collect/collect.js'
import {loadConfig} from '../../src/config.js'
import {resolveConninfo} from '../../src/connect/conninfo.js'
import {connect} from '../../src/connect/postgres.js'
import {startServer} from '../../src/embedded/server.js'
import type {Report} from '../../src/report.js'
import {rules} from '../../src/rules/index.js'

/** With the thresholds as they are shipped. */
async function check(url: string): Promise<Report> {
  const settings = await resolveConninfo(url, {})
  const reconnect = () => connect(settings)
  const snapshot = await collect(await reconnect(), {windowSeconds: 0, deadlineMs: 30_000, reconnect})
  return analyze(snapshot, await loadConfig(undefined, rules, {}), HEALTHY_CONTEXT, rules as never)
}

const loud = (report: Report) =>
  report.results
    .flatMap(({findings}) => findings)
    .filter(({severity}) => severity !== 'low' && severity !== 'info')
    .map(({rule, subject, severity, title}) => ({rule, subject, severity, title}))

const failed = (report: Report) => report.results.filter(({status}) => status === 'error').map(({summary}) => summary)

function expectQuiet(report: Report, {expected = []}: Pick<QuietDatabase, 'expected'>): void {
  expect(failed(report)).toEqual([])
  const isExpected = (found: {rule: string; subject: string}) =>
    expected.some(({rule, subject}) => rule === found.rule && subject === found.subject)
  expect(loud(report).filter(found => !isExpected(found))).toEqual([])
}

describe('a healthy database stays quiet', () => {
  it.each([pgbench, sequelize, partitioned, tenants, empty])('$name', async database => {
    const server = await startServer({settings: HEALTHY_SETTINGS})
    try {
      const client = new pg.Client({connectionString: server.url()})
      await client.connect()
      await client.query('CREATE ROLE app LOGIN')
      await client.query('CREATE DATABASE app OWNER app')
      await client.end()
      const owner = new pg.Client({connectionString: server.url('app')})
      await owner.connect()
      await owner.query('CREATE EXTENSION pg_stat_statements')
      await owner.end()
      await database.load(server.url('app', 'app'))
      await database.traffic(server.url('app', 'app'))
      expectQuiet(await check(server.url('app')), database)
    } finally {
      await server.stop()
    }
  })
})
