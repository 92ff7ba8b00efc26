import {expect} from 'vitest'
import type {Lab, LabServer} from '../../fixtures/lab.js'

/** One statement of a lab's workload as it is now: the planner's cost, and the median time of some executions. */
export type Measured = {sql: string; cost: number; ms: number}

const CALLS = 30
const RUNS = 9
/** Where the cost falls by this factor, the time must fall by MIN_FASTER at least. */
const PROMISED = 5
const MIN_FASTER = 2
const DEARER = 1.05

/** The statements as an application sends them, so that pg_stat_statements knows them. */
export async function sendWorkload({statements = []}: Lab, server: LabServer): Promise<void> {
  if (statements.length === 0) return
  const client = await server.session()
  for (const {sql, values, calls = CALLS} of statements) {
    for (let call = 0; call < calls; call += 1) await client.query(sql, values)
  }
  await server.endSessions()
}

export async function measure({statements = []}: Lab, server: LabServer): Promise<Measured[]> {
  if (statements.length === 0) return []
  const client = await server.session()
  const found: Measured[] = []
  for (const {sql, values} of statements) {
    const {rows} = await client.query(`EXPLAIN (FORMAT JSON) ${sql}`, values)
    const times: number[] = []
    for (let run = 0; run < RUNS; run += 1) {
      const start = performance.now()
      await client.query(sql, values)
      times.push(performance.now() - start)
    }
    times.sort((a, b) => a - b)
    found.push({sql, cost: rows[0]['QUERY PLAN'][0].Plan['Total Cost'], ms: times[Math.floor(RUNS / 2)]!})
  }
  await server.endSessions()
  return found
}

/** Proof by execution: the promise is kept where there was one, and nobody pays for it. */
export function expectFaster(before: readonly Measured[], after: readonly Measured[]): void {
  if (before.length === 0) return
  const pairs = before.map((each, at) => ({sql: each.sql, before: each, after: after[at]!}))
  const promised = pairs.filter(pair => pair.before.cost >= PROMISED * pair.after.cost)
  expect(promised.length, `some statement becomes ${PROMISED} times cheaper: ${JSON.stringify(pairs)}`).toBeGreaterThan(
    0,
  )
  for (const pair of promised) {
    expect(pair.before.ms / pair.after.ms, `the time of: ${pair.sql}`).toBeGreaterThanOrEqual(MIN_FASTER)
  }
  const dearer = pairs.filter(pair => pair.after.cost > pair.before.cost * DEARER)
  expect(dearer, 'no statement becomes dearer').toEqual([])
}
