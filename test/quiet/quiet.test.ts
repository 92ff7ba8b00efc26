import {describe, expect, it} from 'vitest'
import {HEALTHY_CONTEXT, HEALTHY_SETTINGS} from '../../fixtures/lab.js'
import empty from '../../fixtures/quiet/empty.js'
import partitioned from '../../fixtures/quiet/partitioned.js'
import pgbench from '../../fixtures/quiet/pgbench.js'
import sequelize from '../../fixtures/quiet/sequelize.js'
import tenants from '../../fixtures/quiet/tenants.js'
import {type QuietDatabase, runAll} from '../../fixtures/quiet.js'
import {analyze} from '../../src/analyze.js'
import {loadConfig} from '../../src/config.js'
import {type EmbeddedServer, startServer} from '../../src/embedded/server.js'
import type {Report} from '../../src/report.js'
import {rules} from '../../src/rules/index.js'
import {takeSnapshot} from '../snapshot.js'
import {HBA, startPair} from '../standby.js'

/** Longer than a check gives it, so that new indexes are judged here, too. */
const ADVICE_MS = 30_000

/** With the thresholds as they are shipped. */
async function check(url: string): Promise<Report> {
  return analyze(
    await takeSnapshot(url, 0, [], ADVICE_MS),
    await loadConfig(undefined, rules, {}),
    HEALTHY_CONTEXT,
    rules as never,
  )
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

async function prepare(server: EmbeddedServer, database: QuietDatabase): Promise<void> {
  await runAll(server.url(), ['CREATE ROLE app LOGIN', 'CREATE DATABASE app OWNER app'])
  await runAll(server.url('app'), ['CREATE EXTENSION pg_stat_statements'])
  await database.load(server.url('app', 'app'))
}

describe('a healthy database stays quiet', () => {
  it.each([pgbench, sequelize, partitioned, tenants, empty])('$name', async database => {
    const server = await startServer({settings: HEALTHY_SETTINGS})
    try {
      await prepare(server, database)
      await database.traffic(server.url('app', 'app'))
      expectQuiet(await check(server.url('app')), database)
    } finally {
      await server.stop()
    }
  })

  it('a standby, and its primary', async () => {
    const template = await startServer({settings: HEALTHY_SETTINGS, hba: HBA, keep: true})
    await prepare(template, pgbench)
    await template.stop()
    const {primary, standby} = await startPair({template: template.dataDir, settings: HEALTHY_SETTINGS})
    try {
      await pgbench.traffic(primary.url('app', 'app'))
      const reports = [await check(primary.url('app')), await check(standby.url('app'))]
      expect(reports.map(({server}) => server?.inRecovery)).toEqual([false, true])
      for (const report of reports) expectQuiet(report, pgbench)
    } finally {
      await standby.stop()
      await primary.stop()
    }
  })
})
