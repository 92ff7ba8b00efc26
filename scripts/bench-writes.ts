/**
 * `npm run bench:writes`: what one more index costs a written row, in the planner's units: the time of an entry over the
 * time of a look-up by primary key, whose cost the planner knows. The advisor's ENTRY (src/advisor/writes.ts) is from here.
 */
import {readFileSync} from 'node:fs'
import pg from 'pg'
import {startServer} from '../src/embedded/server.js'

const ROWS = 200_000
const BATCH = 50_000
const ROUNDS = 3
const INDEXES: Record<string, string> = {
  'btree, random integers': 'USING btree (n)',
  'btree, ascending': 'USING btree (at)',
  'btree, text': 'USING btree (t)',
  hash: 'USING hash (n)',
  'gin, jsonb_path_ops': 'USING gin (j jsonb_path_ops) WITH (fastupdate = off)',
  'gin, trigrams': 'USING gin (t gin_trgm_ops) WITH (fastupdate = off)',
  'gist, range': 'USING gist (int4range(n, n + 10))',
  brin: 'USING brin (at)',
}
const ROW = `SELECT (random() * 1e6)::int, now() + g * interval '1 s', md5(random()::text),
  jsonb_build_object('a', (random() * 1e5)::int, 'b', md5(g::text), 'c', g % 10) FROM generate_series(1, $1::int) g`

const least = (values: number[]) => Math.min(...values)

const server = await startServer({
  settings: {shared_buffers: '512MB', max_wal_size: '4GB', fsync: 'off', autovacuum: 'off'},
})
const client = new pg.Client({connectionString: server.url()})
await client.connect()
try {
  await client.query('CREATE EXTENSION pg_trgm')
  await client.query('CREATE TABLE w (id bigserial PRIMARY KEY, n int, at timestamptz, t text, j jsonb)')
  await client.query(`INSERT INTO w (n, at, t, j) ${ROW}`, [ROWS])
  await client.query('VACUUM ANALYZE w')
  const {rows} = await client.query<{pid: number}>('SELECT pg_backend_pid() AS pid')
  const cpu = () => milliseconds(rows[0]!.pid)
  const unit = await lookUp(cpu)
  console.log(`a look-up takes ${(unit.ms * 1000).toFixed(1)} us and costs ${unit.cost} units`)
  for (const [name, definition] of Object.entries(INDEXES)) {
    const plain = await insert(cpu)
    await client.query(`CREATE INDEX extra ON w ${definition}`)
    const entry = (await insert(cpu)) - plain
    await client.query('DROP INDEX extra')
    console.log(
      `${name.padEnd(24)} ${(entry * 1000).toFixed(2).padStart(8)} us  ${((entry / unit.ms) * unit.cost).toFixed(2).padStart(6)} units`,
    )
  }
} finally {
  await client.end()
  await server.stop()
}

/** Processor time of a backend (Linux, hundredths of a second): the machine may be busy. */
function milliseconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]!.split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

/** Milliseconds of a row, without what the statement itself takes; rolled back, so that each starts from the same. */
async function insert(cpu: () => number): Promise<number> {
  const times: number[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    await client.query('BEGIN')
    const start = cpu()
    await client.query(`INSERT INTO w (n, at, t, j) ${ROW}`, [BATCH])
    times.push((cpu() - start) / BATCH)
    await client.query('ROLLBACK')
    await client.query('VACUUM w')
  }
  return least(times)
}

/** A nested loop of look-ups by primary key, in memory: its milliseconds and its cost for each. */
async function lookUp(cpu: () => number): Promise<{ms: number; cost: number}> {
  await client.query(
    'SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_memoize = off; SET max_parallel_workers_per_gather = 0; SET jit = off',
  )
  const query = `SELECT count(w.t) FROM (SELECT (random() * ${ROWS})::int AS id FROM generate_series(1, ${BATCH})) r JOIN w ON w.id = r.id`
  const times: number[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    const start = cpu()
    await client.query(query)
    times.push((cpu() - start) / BATCH)
  }
  const {rows} = await client.query<{'QUERY PLAN': [{Plan: {'Total Cost': number}}]}>(
    'EXPLAIN (FORMAT JSON) SELECT t FROM w WHERE id = 1',
  )
  return {ms: least(times), cost: rows[0]!['QUERY PLAN'][0].Plan['Total Cost']}
}
