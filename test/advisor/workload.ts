import pg from 'pg'
import {chartData, dashboard, loadSession, weeklyRecap} from '../../fixtures/ahsp/requests.js'
import type {WorkloadStatement} from '../../src/advisor/costs.js'

/** The application's statements as pg_stat_statements would have them, each counted for the pages that it is part of. */
export async function ahspStatements(url: string, projects: readonly number[]): Promise<WorkloadStatement[]> {
  const client = new pg.Client({connectionString: url})
  await client.connect()
  const found = new Map<string, WorkloadStatement>()
  const recording = {
    query: async (sql: string, values?: unknown[]) => {
      const result = await client.query(sql, values)
      const known = found.get(sql) ?? {id: String(found.size + 1), sql, calls: 0, rows: 0, totalMs: null}
      found.set(sql, {...known, calls: known.calls + 1, rows: (known.rows ?? 0) + (result.rowCount ?? 0)})
      return result
    },
  } as unknown as Pick<pg.ClientBase, 'query'>
  try {
    for (const project of projects) {
      await weeklyRecap(recording, project, 'naive')
      await chartData(recording, project)
    }
    await dashboard(recording, 'naive')
    await loadSession(recording, 'none', 1)
  } finally {
    await client.end()
  }
  return [...found.values()]
}
