import {loadAdvisorDatabase} from '../fixtures/advisor/load.js'
import {textOf} from '../fixtures/advisor/statement.js'
import {workloadOf} from '../fixtures/advisor/workload.js'
import partitioned from '../fixtures/quiet/partitioned.js'
import {resolveConninfo} from '../src/connect/conninfo.js'
import {type Connection, connect} from '../src/connect/postgres.js'
import {startServer} from '../src/embedded/server.js'
import type {PlanNode, PlannerStatement} from '../src/whatif/planner.js'
import {openShadow, type ShadowPlanner} from '../src/whatif/shadow/planner.js'
import {readSchema} from '../src/whatif/shadow/read.js'
import {binDirOf} from '../test/postgres.js'
import {differences, shapeOf} from './plan-shapes.js'

/**
 * Plans of the shadow beside those of the server it stands for, over the fixture databases on several versions:
 * the share of the same shape (nodes, relations, indexes, order of joins) and the ratio of the costs. Arguments:
 * versions (`15`) and databases (`story`) to look at; `--quiet` leaves the differing plans away. Exits with 1 below
 * the goals.
 */
const GOALS = {sameShape: 0.95, medianOff: 0.01}
const VERSIONS = [13, 15, 17, 18]
const SCALE = 0.2

type Database = {name: string; load: (url: string) => Promise<void>; statements: (PlannerStatement & {name: string})[]}

const advised = (['analytical', 'transactional', 'story', 'story-unindexed', 'healthy'] as const).map(
  (name): Database => ({
    name,
    load: url => loadAdvisorDatabase(url, name, name.startsWith('story') ? 1 : SCALE),
    statements: workloadOf(name).flatMap(({name: statement, sql, params}) => [
      ...(params.some(values => values.length > 0) ? [{name: `${statement} ($n)`, sql}] : []),
      ...params.map(values => ({name: statement, sql, values: values.map(value => textOf({sql: '$1'}, [value]))})),
    ]),
  }),
)

const MONTH = "e.at >= '2026-03-01' AND e.at < '2026-04-01'"
const PARTITIONED = [
  'SELECT id, at, value FROM event WHERE device_id = 7 AND at >= $1 AND at < $2 ORDER BY at DESC LIMIT 50',
  `SELECT count(*) FROM event e WHERE ${MONTH}`,
  `SELECT d.name, avg(e.value) FROM event e JOIN device d ON d.id = e.device_id WHERE ${MONTH} GROUP BY d.name`,
  'SELECT * FROM event WHERE id = 4711',
  'SELECT device_id, max(at) FROM event GROUP BY device_id',
  "SELECT * FROM event e JOIN device d ON d.id = e.device_id WHERE d.name = 'device 9' ORDER BY e.at DESC LIMIT 10",
]

const DATABASES: Database[] = [
  ...advised,
  {
    name: 'partitioned',
    load: partitioned.load,
    statements: PARTITIONED.map((sql, i) => ({
      name: `partitioned ${i + 1}`,
      sql,
      values: sql.includes('$2') ? ["'2026-05-03'", "'2026-05-09'"] : [],
    })),
  },
]

type Compared = {major: number; database: string; name: string; isSame: boolean; ratio: number}

const words = process.argv.slice(2).filter(word => !word.startsWith('--'))
const isChosen = (word: string, all: string[]) => !words.some(other => all.includes(other)) || words.includes(word)
const compared: Compared[] = []
for (const major of VERSIONS.filter(version => isChosen(String(version), VERSIONS.map(String)))) {
  const binDir = binDirOf(major)
  if (!binDir) {
    process.stderr.write(`PostgreSQL ${major} is not here: scripts/fetch-postgres.js brings it\n`)
    continue
  }
  for (const database of DATABASES.filter(({name}) =>
    isChosen(
      name,
      DATABASES.map(other => other.name),
    ),
  )) {
    compared.push(...(await compareOn(major, binDir, database)))
  }
}
summarise()

async function compareOn(major: number, binDir: string, database: Database): Promise<Compared[]> {
  const server = await startServer({binDir, settings: {autovacuum: 'off', fsync: 'off', jit: 'off'}})
  try {
    await database.load(server.url())
    const original = await connect(await resolveConninfo(server.url(), {}))
    const started = performance.now()
    const shadow = await openShadow(await readSchema(original))
    const ready = performance.now() - started
    const rows = await compareAll(major, database, original, shadow)
    await Promise.all([original.close(), shadow.close()])
    process.stderr.write(`${major} ${database.name}: ${line(rows)}, ready in ${(ready / 1000).toFixed(1)} s\n`)
    for (const note of shadow.notes) process.stderr.write(`  ${note}\n`)
    return rows
  } finally {
    await server.stop()
  }
}

async function compareAll(
  major: number,
  {name: database, statements}: Database,
  original: Connection,
  shadow: ShadowPlanner,
): Promise<Compared[]> {
  const rows: Compared[] = []
  for (const statement of statements) {
    const there = await planOf(original, statement)
    const here = (await shadow.explain(statement)).root
    const isSame = shapeOf(there) === shapeOf(here)
    rows.push({major, database, name: statement.name, isSame, ratio: here['Total Cost'] / there['Total Cost']})
    if (isSame || process.argv.includes('--quiet')) continue
    process.stdout.write(`\n${major} ${database}: ${statement.name}\n${differences(there, here)}\n`)
  }
  return rows
}

async function planOf(connection: Connection, {sql, values}: PlannerStatement): Promise<PlanNode> {
  const count = Math.max(0, ...[...sql.matchAll(/\$(\d+)/g)].map(match => Number(match[1])))
  const given = values ?? Array.from({length: count}, () => 'NULL')
  const list = given.length > 0 ? `(${given.join(', ')})` : ''
  const results = await connection.run(
    `SET plan_cache_mode = ${values ? 'force_custom_plan' : 'force_generic_plan'}; PREPARE compared AS ${sql};
     EXPLAIN (FORMAT JSON) EXECUTE compared${list}; DEALLOCATE compared`,
    {deadlineMs: 60_000},
  )
  return (results[2]![0]!['QUERY PLAN'] as [{Plan: PlanNode}])[0].Plan
}

function figures(rows: Compared[]) {
  const ratios = rows.map(({ratio}) => ratio).sort((a, b) => a - b)
  const median = ratios[Math.floor(ratios.length / 2)] ?? Number.NaN
  const same = rows.filter(({isSame}) => isSame).length
  return {same, median, worst: [ratios[0], ratios.at(-1)]}
}

function line(rows: Compared[]): string {
  const {same, median, worst} = figures(rows)
  const range = worst.map(ratio => ratio?.toFixed(2)).join('-')
  return `${same} of ${rows.length} of the same shape, median cost ratio ${median.toFixed(4)} (${range})`
}

function summarise(): void {
  let isReached = compared.length > 0
  for (const major of new Set(compared.map(row => row.major))) {
    const rows = compared.filter(row => row.major === major)
    const {same, median} = figures(rows)
    process.stdout.write(`PostgreSQL ${major}: ${line(rows)}\n`)
    isReached &&= same / rows.length >= GOALS.sameShape && Math.abs(median - 1) <= GOALS.medianOff
  }
  process.exitCode = isReached ? 0 : 1
}
