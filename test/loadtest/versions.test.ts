import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import pg from 'pg'
import {afterAll, describe, expect, it} from 'vitest'
import {startServer} from '../../src/embedded/server.js'
import {readRun} from '../../src/loadtest/read.js'
import {binDirOf} from '../postgres.js'
import {startWatching} from './watching.js'

const folder = mkdtempSync(join(tmpdir(), 'ahsp-db-watch-versions-'))
afterAll(() => rmSync(folder, {recursive: true, force: true}))

describe.each([12, 13, 14, 15, 16, 17])('PostgreSQL %i', major => {
  const binDir = binDirOf(major)
  it.skipIf(!binDir)('is sampled without a failure, with and without pg_stat_statements', async () => {
    const server = await startServer({binDir: binDir!, settings: {shared_preload_libraries: 'pg_stat_statements'}})
    const admin = new pg.Client({connectionString: server.url()})
    try {
      await admin.connect()
      for (const extension of ['', 'CREATE EXTENSION pg_stat_statements; SELECT pg_sleep(0.1)']) {
        if (extension) await admin.query(extension)
        const file = join(folder, `${major}-${extension.length}.jsonl`)
        const watching = startWatching(file, [server.url(), '--duration', '3s'])
        await watching.until('counters', 1)
        await admin.query('SELECT abs($1::int)', [1])
        expect(await watching.ended).toMatchObject({code: 0})
        const run = await readRun(file)
        expect(run.end).toMatchObject({missed: 0, notes: []})
        expect(run.snapshots.end).not.toBeNull()
        const rows = run.counters.flatMap(({statements}) => statements ?? [])
        expect(rows.length > 0).toBe(extension !== '')
      }
    } finally {
      await admin.end()
      await server.stop()
    }
  })
})
