import {mkdtempSync, readFileSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import pg from 'pg'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {loadAhsp} from '../../fixtures/ahsp/load.js'
import {chartData, dashboard, loadSession, weeklyRecap} from '../../fixtures/ahsp/requests.js'
import {type EmbeddedServer, startServer} from '../../src/embedded/server.js'
import {columns} from '../../src/render/style.js'
import type {WorkloadReport, WorkloadRow} from '../../src/workload/types.js'
import {cliIn} from '../cli.js'

let server: EmbeddedServer
let folder: string
let cli: ReturnType<typeof cliIn>

const CHART_VIEWS = 120
const HOSTILE = 'evil"\u001b[31m\u202e|`name'

beforeAll(async () => {
  server = await startServer({settings: {max_connections: '30', shared_preload_libraries: 'pg_stat_statements'}})
  await sql('postgres', 'CREATE ROLE ahsp LOGIN', 'CREATE ROLE plain LOGIN', 'CREATE DATABASE ahsp OWNER ahsp')
  await sql('ahsp', 'CREATE EXTENSION pg_stat_statements')
  await loadAhsp(server.url('ahsp', 'ahsp'), {scale: 0.3, disease: true})
  await sql('ahsp', 'SELECT pg_stat_statements_reset()')
  await pages()
  folder = mkdtempSync(join(tmpdir(), 'ahsp-db-queries-'))
  cli = cliIn(folder)
}, 120_000)
afterAll(async () => {
  await server?.stop()
  if (folder) rmSync(folder, {recursive: true})
})

async function sql(database: string, ...statements: string[]): Promise<void> {
  const client = new pg.Client({connectionString: server.url(database)})
  await client.connect()
  for (const statement of statements) await client.query(statement)
  await client.end()
}

/** The application's pages, one after the other: no loop is under way when the counters are read. */
async function pages(): Promise<void> {
  const client = new pg.Client({connectionString: server.url('ahsp', 'ahsp')})
  await client.connect()
  const {rows} = await client.query('SELECT id FROM dashboard_project ORDER BY id')
  const projects = rows.map(({id}) => Number(id))
  for (const project of projects) await weeklyRecap(client, project, 'naive')
  for (const _ of projects) await dashboard(client, 'naive')
  for (let view = 0; view < CHART_VIEWS; view++) {
    await loadSession(client, 'k', 1)
    await chartData(client, projects[view % projects.length]!)
  }
  for (const ids of ['1, 2', '1, 2, 3'])
    await client.query(`SELECT id FROM dashboard_project WHERE id IN (${ids}) AND nama <> 'x'`)
  for (const name of ['tmp_1', 'tmp_2']) await client.query(`CREATE TEMPORARY TABLE ${name} (id int)`)
  await client.query(
    `CREATE TABLE ${JSON.stringify(HOSTILE)
      .replaceAll(/\\u(....)/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
      .replaceAll('\\"', '""')} (id int)`,
  )
  await client.end()
}

const json = async (...args: string[]): Promise<WorkloadReport> => {
  const {code, stdout, stderr} = await cli(['queries', server.url('ahsp'), '--format', 'json', ...args])
  expect({code, stderr}).toEqual({code: 0, stderr: ''})
  return JSON.parse(stdout)
}

const labelled = (rows: WorkloadRow[], kind: string) =>
  rows.filter(({labels}) => labels.some(label => label.kind === kind)).map(({readable}) => readable)

describe('ahsp-db queries', () => {
  it('names children, parents and session look-ups, with models for tables', async () => {
    const {rows, headline} = await json('--sort', 'calls', '--top', '100')
    expect(labelled(rows, 'n-plus-one child')).toEqual(
      expect.arrayContaining([
        'SELECT 4 columns FROM detail_project.Subklasifikasi WHERE id = $1 LIMIT $2',
        'SELECT 6 columns FROM detail_project.Detailahspproject WHERE pekerjaan_id = $1',
        'SELECT 5 columns FROM detail_project.Pekerjaanprogressweekly WHERE pekerjaan_id = $1',
      ]),
    )
    expect(labelled(rows, 'n-plus-one parent')).toContainEqual(
      expect.stringMatching(/^SELECT 9 columns FROM detail_project.Pekerjaan WHERE project_id = \$1/),
    )
    expect(labelled(rows, 'session')).toEqual([expect.stringContaining('FROM django_session')])
    expect(headline).toMatch(/\d+ % of all calls are \d N\+1 loops/)
    const child = rows.flatMap(({labels}) => labels).find(({kind}) => kind === 'n-plus-one child')!
    expect(child.finding).toMatchObject({rule: 'queries/n-plus-one', severity: 'high'})
  })

  it('one row for lists of every length, and for generated names; shares add up', async () => {
    const {rows, rest, totals} = await json('--top', '500')
    expect(rest.statements).toBe(0)
    const alike = rows.filter(({members}) => members > 1).map(({readable}) => readable)
    expect(alike).toContainEqual(expect.stringMatching(/^CREATE TEMPORARY TABLE tmp_\d/))
    // PostgreSQL 18 folds lists by itself.
    const lists = rows.filter(({readable}) => readable.includes('IN (...)'))
    expect(lists.map(({calls}) => calls)).toEqual([2])
    expect(rows.reduce((sum, {timeShare}) => sum + timeShare, 0)).toBeCloseTo(100, 3)
    expect(rows.reduce((sum, {calls}) => sum + calls, 0)).toBe(totals.calls)
  })

  it('80 columns, nothing that acts on a terminal, and the same from a snapshot', async () => {
    const file = join(folder, 'now.json')
    expect(await cli(['snapshot', server.url('ahsp'), '-o', file])).toMatchObject({code: 0})
    const live = await cli(['queries', '--snapshot', file, '--top', '500'])
    expect(live).toMatchObject({code: 0, stderr: ''})
    expect(live.stdout.split('\n').filter(line => columns(line) > 80)).toEqual([])
    expect(live.stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/)
    expect(live.stdout).toContain('CREATE TABLE "evil""\\u001B[31m\\u202E|`name"')
    // Only the queries that read the statements come to the live ones meanwhile.
    const of = ({rows}: WorkloadReport) =>
      rows.filter(({kind}) => kind === 'read').map(({queryids, calls, labels}) => ({queryids, calls, labels}))
    const saved = await cli(['queries', '--snapshot', file, '--top', '500', '--format', 'json', '--sort', 'calls'])
    expect(of(JSON.parse(saved.stdout))).toEqual(of(await json('--top', '500', '--sort', 'calls')))
  })

  it('--window: what runs now', async () => {
    const client = new pg.Client({connectionString: server.url('ahsp', 'ahsp')})
    await client.connect()
    let isOver = false
    const busy = (async () => {
      while (!isOver) await client.query('SELECT count(*) FROM dashboard_project WHERE id > $1', [0])
    })()
    const {window, rows} = await json('--window', '2s', '--top', '500')
    isOver = true
    await busy
    await client.end()
    expect(window!.seconds).toBeGreaterThan(1)
    const now = (text: string) => rows.find(({readable}) => readable.startsWith(text))!.now!.calls
    expect(now('SELECT count(*) FROM dashboard.Project WHERE id >')).toBeGreaterThan(1)
    expect(now('SELECT 4 columns FROM detail_project.Subklasifikasi')).toBe(0)
  })

  it('Markdown to a file', async () => {
    const file = join(folder, 'workload.md')
    expect(await cli(['queries', server.url('ahsp'), '-f', 'markdown', '-o', file])).toMatchObject({
      code: 0,
      stdout: '',
    })
    expect(readFileSync(file, 'utf8')).toMatch(/^# \d+ statements took .*\n\n\| # \|/)
  })

  it.each([
    [['--sort', 'size'], /^error\[USAGE\]/],
    [['--top', '0'], /^error\[USAGE\]/],
    [['--window', 'soon'], /^error\[USAGE\]: --window is "soon"/],
  ])('%s is one clear line and exit 2', async (args, line) => {
    const {code, stdout, stderr} = await cli(['queries', server.url('ahsp'), ...args])
    expect({code, stdout}).toEqual({code: 2, stdout: ''})
    expect(stderr).toMatch(line)
  })
})

describe('what cannot be shown', () => {
  it.each([
    ['a database without the extension', () => server.url('postgres'), 'CREATE EXTENSION pg_stat_statements;'],
    ['a role that may not see the statements', () => server.url('ahsp', 'plain'), 'GRANT pg_monitor TO "plain";'],
  ])('%s: the reason and its cure; 4 with --strict', async (_, url, cure) => {
    const {code, stdout} = await cli(['queries', url()])
    expect({code, first: stdout.split('\n')[0]}).toEqual({code: 0, first: expect.stringMatching(/^CANNOT SHOW/)})
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain(cure)
    expect(await cli(['queries', url(), '--strict'])).toMatchObject({code: 4})
  })
})
