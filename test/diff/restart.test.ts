import {expect, it} from 'vitest'
import {resolveConninfo} from '../../src/connect/conninfo.js'
import {connect} from '../../src/connect/postgres.js'
import {statementsDiff} from '../../src/diff/statements.js'
import {type EmbeddedServer, startServer} from '../../src/embedded/server.js'
import {binDirOf} from '../postgres.js'
import {takeSnapshot} from '../snapshot.js'

/** Before 17 there is no stats_since, before 14 nothing at all that tells of lost counters but they themselves. */
const CASES = [
  {major: 15, expected: {comparable: true, appeared: [], notes: [expect.stringContaining('counters were reset')]}},
  {major: 13, expected: {comparable: false, reason: expect.stringContaining('the server was restarted')}},
].map(each => ({...each, binDir: binDirOf(each.major)}))

async function sql(server: EmbeddedServer, statements: string[]) {
  const connection = await connect(await resolveConninfo(server.url(), {}))
  for (const each of statements) await connection.run(each, {deadlineMs: 20_000})
  await connection.close()
}

const load = (server: EmbeddedServer, times: number) =>
  sql(
    server,
    [...Array(times).keys()].flatMap(at => [1, 2, 3, 4, 5, 6].map(n => `SELECT ${'1,'.repeat(n)} ${at}`)),
  )

for (const {major, binDir, expected} of CASES) {
  it.skipIf(!binDir)(
    `PostgreSQL ${major}: a restart that lost the counters is recognised`,
    async () => {
      const settings = {shared_preload_libraries: 'pg_stat_statements', 'pg_stat_statements.save': 'off'}
      const server = await startServer({binDir: binDir!, settings})
      try {
        await sql(server, ['CREATE EXTENSION pg_stat_statements'])
        await load(server, 50)
        const before = await takeSnapshot(server.url())
        await load(server, 20)
        const later = await takeSnapshot(server.url())
        expect(statementsDiff(before, later)).toMatchObject({comparable: true, appeared: [], notes: []})
        await server.restart()
        await load(server, 20)
        expect(statementsDiff(before, await takeSnapshot(server.url()))).toMatchObject(expected)
      } finally {
        await server.stop()
      }
    },
    120_000,
  )
}
