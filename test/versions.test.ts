import pg from 'pg'
import {describe, expect, it} from 'vitest'
import {loadAhsp} from '../fixtures/ahsp/load.js'
import {HEALTHY_CONTEXT} from '../fixtures/lab.js'
import {analyze} from '../src/analyze.js'
import {loadConfig} from '../src/config.js'
import {startServer} from '../src/embedded/server.js'
import {rules} from '../src/rules/index.js'
import type {Section, Snapshot} from '../src/snapshot.js'
import {binDirOf} from './postgres.js'
import {takeSnapshot} from './snapshot.js'

const MAJORS = [12, 13, 14, 15, 16, 17, 18]

const unavailable = ({sections}: Snapshot) =>
  Object.entries(sections as Record<string, Section<unknown>>).flatMap(([name, section]) =>
    section.ok ? [] : [{name, reason: section.reason, message: section.message}],
  )

const failedRules = async (snapshot: Snapshot) => {
  const report = await analyze(snapshot, await loadConfig(undefined, rules, {}), HEALTHY_CONTEXT, rules as never)
  return report.results.filter(({status}) => status === 'error').map(({rule, summary}) => ({rule, summary}))
}

describe('every supported major version', () => {
  for (const major of MAJORS) {
    const binDir = binDirOf(major)
    it.skipIf(binDir === null)(`PostgreSQL ${major}: every section is read, no rule fails`, async () => {
      const server = await startServer({settings: {shared_preload_libraries: 'pg_stat_statements'}, binDir: binDir!})
      try {
        const admin = new pg.Client({connectionString: server.url()})
        await admin.connect()
        await admin.query('CREATE EXTENSION pg_stat_statements')
        await admin.query('CREATE ROLE monitor LOGIN IN ROLE pg_monitor')
        await admin.query('CREATE ROLE plain LOGIN')
        await loadAhsp(server.url(), {scale: 0.1, disease: true})
        const asSuperuser = await takeSnapshot(server.url())
        expect(unavailable(asSuperuser).filter(({reason}) => reason !== 'unsupported')).toEqual([])
        for (const user of ['postgres', 'monitor', 'plain']) {
          const snapshot = await takeSnapshot(server.url('postgres', user))
          expect(unavailable(snapshot).filter(({reason}) => reason === 'error' || reason === 'timeout')).toEqual([])
          expect(await failedRules(snapshot)).toEqual([])
        }
        const {rows} = await admin.query("SELECT xact_rollback FROM pg_stat_database WHERE datname = 'postgres'")
        await admin.end()
        expect(rows, 'nothing that was tried failed on the server').toEqual([{xact_rollback: '0'}])
      } finally {
        await server.stop()
      }
    })
  }
})
