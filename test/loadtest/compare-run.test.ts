import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import pg from 'pg'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {writeLocustCsv} from '../../fixtures/loadtest/locust-csv.js'
import type {Answered} from '../../fixtures/loadtest/measured.js'
import {type EmbeddedServer, startServer} from '../../src/embedded/server.js'
import {cliIn} from '../cli.js'

let server: EmbeddedServer
let folder: string
let cli: ReturnType<typeof cliIn>

const SECONDS = 8

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ahsp-db-compare-'))
  cli = cliIn(folder)
  server = await startServer({settings: {max_connections: '100'}})
  await sql('CREATE TABLE pekerjaan (id int PRIMARY KEY, project_id int, ordering_index int)')
  await record('run50')
  await sql('ALTER SYSTEM SET max_connections = 200')
  await sql('CREATE INDEX pekerjaan_order ON pekerjaan (project_id, ordering_index)')
  await server.restart()
  await record('run50-fixed')
})
afterAll(async () => {
  await server?.stop()
  rmSync(folder, {recursive: true, force: true})
})

async function sql(text: string): Promise<void> {
  const client = new pg.Client({connectionString: server.url()})
  await client.connect()
  await client.query(text)
  await client.end()
}

/** Requests whose times are made up, the same in each run: what is compared must not depend on the machine. */
async function record(name: string): Promise<void> {
  const from = Date.now() / 1000 + 0.5
  const {code, stderr} = await cli([
    ...['loadtest', 'watch', server.url(), '--users', '50'],
    ...['--duration', `${SECONDS}s`, '-o', `${name}.jsonl`],
  ])
  expect(code, stderr).toBe(0)
  const answered = [...Array(SECONDS * 40).keys()].map(
    (at): Answered => ({
      at: from + at / 40,
      method: 'GET',
      name: '/rekap',
      ms: 100 + (at % 20) * 10,
      error: at % 50 === 0 ? 'HTTP 500' : null,
    }),
  )
  await writeLocustCsv(join(folder, name), answered, {from, to: from + SECONDS, usersAt: () => 50})
}

const RUNS = ['loadtest', 'compare', 'run50.jsonl', 'run50-fixed.jsonl']
const CLIENTS = ['--locust', 'run50', '--locust', 'run50-fixed']

describe('two runs that were watched', () => {
  it('the changes, and nothing else; the fix did not help', async () => {
    const {code, stdout, stderr} = await cli([...RUNS, ...CLIENTS])
    expect(stderr).toBe('')
    expect(code).toBe(0)
    const text = stdout.replace(/\s+/g, ' ')
    expect(text).toMatch(/run50 50 9[78][.\d]* %/)
    expect(text).toContain('max_connections 100 -> 200')
    expect(text).toContain(
      '"pekerjaan_order" was created: btree on "public"."pekerjaan" ("project_id", "ordering_index")',
    )
    expect(text).toMatch(/no difference \(success .*\): did not help/)
    const {changes} = JSON.parse((await cli([...RUNS, '--format', 'json'])).stdout).steps[0]
    expect(changes.map(({kind}: {kind: string}) => kind)).toEqual(['setting', 'index'])
  })

  it('without client files the database alone; -o writes to a file', async () => {
    const {code} = await cli([...RUNS, '--format', 'markdown', '-o', 'journey.md'])
    expect(code).toBe(0)
    const shown = await cli([...RUNS, '--format', 'markdown'])
    expect(shown.stdout).toContain('| run50 | 50 | not measured | not measured |')
  })

  it.each([
    ['one run only', ['run50.jsonl'], /nothing to compare run50.jsonl with/],
    ['no run', [], /no run was given/],
    ['client files for some', [...RUNS.slice(2), '--locust', 'run50'], /2 runs, but --locust is given 1 time/],
    ['both tools', [...RUNS.slice(2), ...CLIENTS, '--k6', 'x.json'], /--k6|--locust/],
    ['no such run', ['run50.jsonl', 'none.jsonl'], /none\.jsonl/],
  ])('%s: exit 2 and one line', async (_, args, message) => {
    const {code, stderr} = await cli(['loadtest', 'compare', ...args])
    expect(code).toBe(2)
    expect(stderr).toMatch(message)
    expect(stderr.trim().split('\n')).toHaveLength(1)
  })

  it('one run is enough to ask what comes next', async () => {
    const next = [...RUNS.slice(0, 3), '--locust', 'run50', '--next-users']
    const {code, stdout} = await cli([...next, '100', '--cpus', '4'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/Expected at 100 users \(assumed from 50 users\)/)
    // The limit of the phase that the configuration tells.
    writeFileSync(join(folder, 'phases.yaml'), 'phases: {heavy: {p95: 100ms}}\n')
    expect(stdout).not.toContain('P95 above 100 ms')
    expect((await cli([...next, '100', '--cpus', '4', '-c', 'phases.yaml'])).stdout).toContain('P95 above 100 ms')
    expect((await cli([...next, '126'])).stdout).toMatch(/Nothing is predicted: 126 users are more/)
  })

  it("a run without files is 'none'", async () => {
    const {code, stdout} = await cli([...RUNS, '--locust', 'none', '--locust', 'run50-fixed', '--format', 'json'])
    expect(code).toBe(0)
    const {rows} = JSON.parse(stdout)
    expect(rows[0].success).toBeNull()
    expect(rows[1].success.value).toBeGreaterThan(90)
  })
})
