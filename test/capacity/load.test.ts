/**
 * The proof by load: what `capacity` prints for 200 users is written, 200 clients then work without a refusal and
 * without waiting; with 80 % of that pool the link that it names breaks. The figures of docs/capacity.md come from here:
 * npx vitest run test/capacity/load.test.ts
 */
import {setTimeout as sleep} from 'node:timers/promises'
import type pg from 'pg'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {type LoadResult, startLoad} from '../../fixtures/load.js'
import {hasPgbouncer} from '../../fixtures/pgbouncer.js'
import {capacityReport} from '../../src/capacity/capacity.js'
import type {Capacity} from '../../src/capacity/types.js'
import {poolerRates, poolsNow} from '../../src/derive/pooler.js'
import {capacityMarkdown} from '../../src/render/capacity.js'
import type {Snapshot} from '../../src/snapshot.js'
import {applyVerbatim, type PrintedBlock} from '../labs/apply.js'
import {healthyTemplate, type Running, startLab} from '../labs/server.js'
import {binDirOf} from '../postgres.js'
import {takeSnapshot} from '../snapshot.js'

const MEASURED_USERS = 50
const USERS = 200
const THINK_MS = 1000
const HOLD_MS = 300
/** Few users need a longer look for the same certainty. */
const WATCH_FEW_SECONDS = 20
const WATCH_SECONDS = 12

/** The limit that pooler/wait-time reports, and the one that the sizes promise. */
const PROMISED_WAIT_MS = 10

/** The same numbers in (0, 1) in each run (a linear congruence): as irregular as users are, and repeatable. */
let state = 20_261_121
function irregular(): number {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
  return (state + 1) / (2 ** 32 + 2)
}

/** One request: a transaction that reads, is held by the application for a varying time, and reads again. */
async function request(client: pg.Client): Promise<void> {
  await client.query('BEGIN')
  await client.query('SELECT * FROM dashboard_project ORDER BY id LIMIT 5')
  await sleep(Math.min(6 * HOLD_MS, -Math.log(irregular()) * HOLD_MS))
  await client.query('SELECT count(*) FROM auth_user')
  await client.query('COMMIT')
}

describe.skipIf(!hasPgbouncer)('capacity, proved by load (needs the pgbouncer program)', () => {
  let lab: Running

  beforeAll(async () => {
    const binDir = binDirOf(18)!
    const {dataDir} = await healthyTemplate(binDir)
    lab = await startLab(binDir, dataDir, {
      subject: '',
      plainRole: 'found',
      pooler: {settings: {default_pool_size: '20', reserve_pool_size: '0', min_pool_size: '0', max_client_conn: '100'}},
    })
  })
  afterAll(async () => lab?.stop())

  const observe = (users: number) => underLoad(lab, users)

  it('says what breaks at 200 users, prints lines that carry them, and less than those lines do not', async () => {
    const before = await observe(MEASURED_USERS)
    const asked = ask(before.snapshot, MEASURED_USERS)
    expect(asked.verdict).toBe('breaks')
    expect(asked.first?.link).toBe('pools')
    expect(asked.first!.breaksAt!).toBeGreaterThan(MEASURED_USERS)
    expect(asked.first!.breaksAt!).toBeLessThan(USERS)
    // Little's law, from the load itself: users / (think + hold) x hold.
    const little = (before.result.requests / before.result.seconds) * (before.hold / 1000)
    expect(asked.sizes.pool).toBeGreaterThan(little * (USERS / MEASURED_USERS))

    await applyVerbatim(printedLines(capacityMarkdown(reportOf(before.snapshot, MEASURED_USERS))), lab)
    const carried = await observe(USERS)
    expect(carried.result).toMatchObject({refused: 0, failed: 0, errors: {}})
    expect(carried.waitMs).toBeLessThan(PROMISED_WAIT_MS)
    expect(carried.waitingLooks).toBe(0)
    expect(ask(carried.snapshot, USERS).verdict).toBe('fits')

    const pool = Math.floor(asked.sizes.defaultPoolSize * 0.8)
    await applyVerbatim(poolOf(pool, asked), lab)
    // A smaller pool lets go of its connections only down to pool and reserve together: begin without any.
    await lab.pooler!.restart()
    const predicted = ask(carried.snapshot, USERS, pool)
    const starved = await observe(USERS)
    console.info(figures({before, asked, carried, starved, pool, predicted}))
    const after = ask(starved.snapshot, USERS)
    for (const said of [predicted, after]) {
      expect(said.verdict).toBe('breaks')
      expect(said.first?.link).toBe('pools')
    }
    // The predicted link broke, and no other: clients wait, nobody is refused.
    expect(starved.waitMs).toBeGreaterThan(PROMISED_WAIT_MS)
    expect(starved.waitingLooks).toBeGreaterThan(0)
    expect(starved.result).toMatchObject({refused: 0, failed: 0})
  }, 180_000)
})

type Observed = {
  snapshot: Snapshot
  result: LoadResult
  waitMs: number
  hold: number
  waitingLooks: number
  busy: number
}

async function underLoad(lab: Running, users: number): Promise<Observed> {
  const seconds = users < USERS ? WATCH_FEW_SECONDS : WATCH_SECONDS
  const load = await startLoad(lab.pooler!.url('ahsp'), {users, thinkMs: THINK_MS, request})
  // The pools open their server connections at first need; that is not what is measured.
  await sleep(4000)
  load.since()
  const snapshot = await takeSnapshot(lab.url(), seconds, [lab.pooler!.console()])
  const result = await load.stop()
  const [pooler] = (snapshot.sections.poolers as {ok: true; data: import('../../src/snapshot.js').Pooler[]}).data
  const rate = poolerRates(pooler!).find(({database}) => database === 'ahsp')!
  const waitingLooks = pooler!.samples.filter(({pools}) => pools.some(pool => pool.clientsWaiting > 0)).length
  expect(poolsNow(pooler!).length).toBe(1)
  return {
    snapshot,
    result,
    waitMs: rate.waitMs,
    busy: rate.busy,
    hold: (rate.busy / rate.perSecond) * 1000,
    waitingLooks,
  }
}

const context = (currentUsers: number) => ({users: USERS, currentUsers, cpus: 8})

const reportOf = (snapshot: Snapshot, currentUsers: number) =>
  capacityReport(snapshot, context(currentUsers), USERS, [])

/** `pool`: as if default_pool_size were that. */
function ask(snapshot: Snapshot, currentUsers: number, pool?: number): Capacity {
  const {poolers} = snapshot.sections
  if (pool === undefined || !poolers.ok) return reportOf(snapshot, currentUsers).asked
  const data = poolers.data.map(one => ({...one, databases: one.databases.map(each => ({...each, poolSize: pool}))}))
  const sections = {...snapshot.sections, poolers: {...poolers, data}}
  return reportOf({...snapshot, sections}, currentUsers).asked
}

/** What stands below **Do**, as a reader sees it. */
function printedLines(markdown: string): PrintedBlock[] {
  const parts = markdown.split(/^\*\*Do\*\*$/m).slice(1)
  return parts.flatMap(part =>
    [...part.split(/^(\*\*Verify\*\*|\*\*Undo\*\*|### )/m)[0]!.matchAll(/^(`{3,})(\w+)\n([\s\S]*?)\n\1$/gm)].map(
      match => ({
        language: match[2]!,
        lines: match[3]!.split('\n'),
      }),
    ),
  )
}

/** The same line that was printed, with another size. */
function poolOf(size: number, {fixes, sizes}: Capacity): PrintedBlock[] {
  const [edit, reload] = fixes.find(({setting}) => setting?.name === 'default_pool_size')!.steps
  const place = `# ${edit!.file}, ${edit!.place} - was: default_pool_size = ${sizes.defaultPoolSize}`
  return [
    {language: 'conf', lines: [place, `default_pool_size = ${size}`]},
    {language: 'sh', lines: reload!.lines},
  ]
}

type Figures = {
  before: Observed
  asked: Capacity
  carried: Observed
  starved: Observed
  pool: number
  predicted: Capacity
}

function figures({before, asked, carried, starved, pool, predicted}: Figures): string {
  const row = (name: string, users: number, size: number, {result, busy, waitMs, waitingLooks}: Observed) =>
    `${name}: ${users} users, pool ${size}: ${(result.requests / result.seconds).toFixed(0)} transactions/s, ` +
    `${busy.toFixed(1)} busy of ${size}, mean wait ${waitMs.toFixed(2)} ms, waiting in ${waitingLooks} looks, ` +
    `${result.refused} refused, ${result.failed} failed`
  return [
    row('measured', MEASURED_USERS, 20, before),
    `said: ${asked.headline}; printed default_pool_size = ${asked.sizes.defaultPoolSize}, max_client_conn = ${asked.sizes.maxClientConn}`,
    row('with the printed lines', USERS, asked.sizes.defaultPoolSize, carried),
    `said with 80 % of that pool: ${predicted.headline}`,
    row('with 80 % of the pool', USERS, pool, starved),
  ].join('\n')
}
