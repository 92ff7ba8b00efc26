/**
 * `npm run bench:indexes`: what indexes bring when they are really built and the workload is really run.
 * The databases are named as arguments (default: analytical and transactional). The advisor is asked for `--budgets`
 * (percent of the tables' size, default 10,25,50,100), from the texts that pg_stat_statements has or, with `--texts`, from
 * those with values. `--indexes FILE` measures the CREATE INDEX statements of a file instead: another advisor's, a person's.
 * `--maximum N` indexes, `--minimum-gain PERCENT` that each must bring. `--scale N` (default 1: 250 and 330 MB),
 * `--times N` executions (default 3), `--list` for the indexes, `-o FILE` for all figures as JSON.
 */
import {readFile, writeFile} from 'node:fs/promises'
import {parseArgs} from 'node:util'
import pg from 'pg'
import {ADVISOR_DATABASES, type AdvisorDatabase, loadAdvisorDatabase} from '../fixtures/advisor/load.js'
import {type Measurement, measure, type Relative, relativeTo} from '../fixtures/advisor/measure.js'
import {startServer} from '../src/embedded/server.js'
import {askAdvisor} from './bench-advisor.js'

const {values: flags, positionals} = parseArgs({
  allowPositionals: true,
  options: {
    indexes: {type: 'string'},
    budgets: {type: 'string', default: '10,25,50,100'},
    texts: {type: 'boolean', default: false},
    list: {type: 'boolean', default: false},
    maximum: {type: 'string'},
    'minimum-gain': {type: 'string'},
    scale: {type: 'string', default: '1'},
    times: {type: 'string', default: '3'},
    output: {type: 'string', short: 'o'},
  },
})

/** Without what makes two runs differ: background work, parallel workers (whose time is not the backend's), full pages in the WAL. */
const SETTINGS = {
  shared_preload_libraries: 'pg_stat_statements',
  shared_buffers: '512MB',
  max_wal_size: '4GB',
  fsync: 'off',
  full_page_writes: 'off',
  autovacuum: 'off',
  jit: 'off',
  max_parallel_workers_per_gather: '0',
}

type Proposal = {
  label: string
  indexes: string[]
  seconds: number | null
  /** the advisor's own figure: cost relative to no further index */
  promised?: number
  unplannable?: string[]
}
type Row = Proposal & {relative: Relative; after: Measurement}
type Outcome = {database: AdvisorDatabase; scale: number; bytes: number; before: Measurement; rows: Row[]}

function databases(names: string[]): AdvisorDatabase[] {
  const known: readonly string[] = ADVISOR_DATABASES
  const unknown = names.filter(name => !known.includes(name))
  if (unknown.length > 0) throw new Error(`no database ${unknown.join(', ')}; there are ${known.join(', ')}`)
  return names.length > 0 ? (names as AdvisorDatabase[]) : ['analytical', 'transactional']
}

async function bench(database: AdvisorDatabase): Promise<Outcome> {
  const scale = Number(flags.scale)
  const server = await startServer({settings: SETTINGS})
  try {
    const url = server.url()
    await loadAdvisorDatabase(url, database, scale)
    const bytes = await tableBytes(url)
    const times = Number(flags.times)
    const before = await measure(url, database, [], {times})
    head(database, scale, bytes)
    const rows: Row[] = []
    for await (const proposal of proposals(url, {database, bytes, before})) {
      const after = await measure(url, database, proposal.indexes, {times})
      const row = {...proposal, relative: relativeTo(before, after), after}
      print(row)
      rows.push(row)
    }
    return {database, scale, bytes, before, rows}
  } finally {
    await server.stop()
  }
}

async function* proposals(
  url: string,
  found: Pick<Outcome, 'database' | 'bytes' | 'before'>,
): AsyncGenerator<Proposal> {
  if (flags.indexes) {
    yield {label: 'given', indexes: statementsOf(await readFile(flags.indexes, 'utf8')), seconds: null}
    return
  }
  const {database, bytes, before} = found
  const input = flags.texts ? 'texts' : 'normalised'
  const limits = {
    ...(flags.maximum ? {maximum: Number(flags.maximum)} : {}),
    ...(flags['minimum-gain'] ? {minimumGain: Number(flags['minimum-gain']) / 100} : {}),
  }
  for (const percent of flags.budgets.split(',').map(Number)) {
    const asked = {database, input, before: before.statements, budget: (bytes * percent) / 100, ...limits} as const
    yield {label: `${percent} %`, ...(await askAdvisor(url, asked))}
  }
}

/** Index definitions hold no semicolon but at their end. */
const statementsOf = (text: string) =>
  text
    .replace(/^\s*--.*$/gm, '')
    .split(';')
    .map(statement => statement.trim())
    .filter(statement => statement !== '')

async function tableBytes(url: string): Promise<number> {
  const client = new pg.Client({connectionString: url})
  await client.connect()
  const {rows} = await client.query<{bytes: number}>(`SELECT sum(pg_table_size(relid))::float8 AS bytes
    FROM pg_stat_user_tables`)
  await client.end()
  return rows[0]!.bytes
}

const megabytes = (bytes: number) => (bytes / 2 ** 20).toFixed(bytes < 10 * 2 ** 20 ? 1 : 0)
const COLUMNS = ['indexes', 'MB', 'promised', 'cost', 'geomean', 'CPU', 'time', 'WAL', 'build s', 'advisor s']

function head(database: AdvisorDatabase, scale: number, bytes: number): void {
  console.log(`\n${database}, scale ${scale}, tables of ${megabytes(bytes)} MB; relative to no further index`)
  console.log(`${'budget'.padEnd(8)} ${COLUMNS.map(column => column.padStart(9)).join(' ')}`)
}

function print({label, seconds, promised, unplannable = [], relative, after}: Row): void {
  const built = after.indexes.filter(index => index.name !== null)
  const sum = (of: (index: (typeof built)[number]) => number) => built.reduce((total, index) => total + of(index), 0)
  const {cost, geometricCost, cpu, time, wal} = relative
  const cells = [
    String(built.length),
    megabytes(sum(({bytes}) => bytes)),
    promised?.toPrecision(2) ?? '-',
    ...[cost, geometricCost, cpu, time].map(ratio => ratio.toPrecision(2)),
    wal?.toFixed(2) ?? '-',
    sum(index => index.seconds).toFixed(1),
    seconds?.toFixed(1) ?? '-',
  ]
  console.log(`${label.padEnd(8)} ${cells.map(cell => cell.padStart(9)).join(' ')}`)
  for (const reason of unplannable) console.log(`  not planned: ${reason}`)
  for (const {sql, bytes} of flags.list ? built : []) console.log(`  ${megabytes(bytes).padStart(5)} MB  ${sql}`)
  for (const {sql, error} of after.indexes) if (error) console.log(`  refused: ${sql}: ${error}`)
  for (const {name, ratio} of relative.dearer) console.log(`  dearer: ${name}: cost ${ratio.toFixed(2)} x`)
}

const outcomes: Outcome[] = []
for (const name of databases(positionals)) outcomes.push(await bench(name))
if (flags.output) await writeFile(flags.output, `${JSON.stringify(outcomes, null, 1)}\n`)
