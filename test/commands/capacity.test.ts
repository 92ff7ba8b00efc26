import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import pg from 'pg'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {hasPgbouncer, type Pgbouncer, startPgbouncer} from '../../fixtures/pgbouncer.js'
import {type EmbeddedServer, startServer} from '../../src/embedded/server.js'
import {cliIn} from '../cli.js'

let server: EmbeddedServer
let folder: string
let cli: ReturnType<typeof cliIn>

beforeAll(async () => {
  server = await startServer({settings: {max_connections: '100'}})
  const client = new pg.Client({connectionString: server.url()})
  await client.connect()
  await client.query('CREATE ROLE app LOGIN')
  await client.end()
  folder = mkdtempSync(join(tmpdir(), 'ahsp-db-capacity-'))
  cli = cliIn(folder)
})
afterAll(async () => {
  await server?.stop()
  if (folder) rmSync(folder, {recursive: true})
})

describe('ahsp-db capacity', () => {
  it('without a pooler: fits 50 users, not 200; the exit code says so', async () => {
    const few = await cli(['capacity', server.url(), '--users', '50'])
    expect(few).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^FITS 50 users: first to break: Usable backends/),
    })
    const many = await cli(['capacity', server.url(), '--users', '200'])
    expect(many).toMatchObject({code: 1, stdout: expect.stringMatching(/^DOES NOT FIT 200 users/)})
    expect(many.stdout).toContain('pool_mode = transaction')
  })

  it.each([
    [[], /^error\[USAGE\]: the number of users is not known - give --users N/],
    [['--users', '0'], /^error\[USAGE\]: --users: "0" is no whole number above 0/],
    [['--plan', '10,x'], /^error\[USAGE\]: --plan is "10,x" - give whole numbers above 0/],
    [['--plan', ''], /^error\[USAGE\]: --plan is ""/],
    [['--users', '5', '--window', 'soon'], /^error\[USAGE\]: --window is "soon"/],
  ])('%s is one clear line and exit 2', async (args, line) => {
    const {code, stdout, stderr} = await cli(['capacity', server.url(), ...args])
    expect({code, stdout}).toEqual({code: 2, stdout: ''})
    expect(stderr).toMatch(line)
    expect(stderr.trim().split('\n')).toHaveLength(1)
  })

  it('reads a snapshot instead of a server, writes JSON to a file, and takes users and threads from the file', async () => {
    const file = join(folder, 'now.json')
    expect(await cli(['snapshot', server.url(), '-o', file])).toMatchObject({code: 0})
    writeFileSync(join(folder, 'ahsp-db.yaml'), 'load: {users: 80}\napp: {instances: 2, workers: 4, threads: 4}\n')
    const output = join(folder, 'capacity.json')
    const run = await cli(['capacity', '--snapshot', file, '--format', 'json', '-o', output, '--plan', '10,1000'])
    rmSync(join(folder, 'ahsp-db.yaml'))
    expect(run).toMatchObject({code: 0, stdout: '', stderr: ''})
    const report = JSON.parse(readFileSync(output, 'utf8'))
    expect(report).toMatchObject({
      format: 'ahsp-db/capacity',
      asked: {users: 80, verdict: 'fits', clients: {count: 32, known: 'configured'}},
    })
    expect(report.ladder.map((step: {users: number}) => step.users)).toEqual([10, 1000])
  })
})

describe.skipIf(!hasPgbouncer)('ahsp-db capacity with PgBouncer (needs the pgbouncer program)', () => {
  let pooler: Pgbouncer
  beforeAll(async () => {
    const settings = {default_pool_size: '140', reserve_pool_size: '20', max_client_conn: '500'}
    pooler = await startPgbouncer({server, settings})
  })
  afterAll(async () => pooler?.stop())

  it("the story's pools on a server of 100: over-committed, and lines that fit", async () => {
    const {code, stdout} = await cli(['capacity', server.url(), '--users', '200', '--pgbouncer', pooler.console()])
    expect(code).toBe(1)
    expect(stdout).toMatch(/^OVER-COMMITTED: full pools want 160, usable backends are 97\n/)
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain(`In ${pooler.iniFile}, section [pgbouncer]`)
    expect(stdout).toContain('# was: default_pool_size = 140\n    default_pool_size = 70')
  })

  it('a console alone is not enough: the settings of the server are missing', async () => {
    const {code, stderr} = await cli(['capacity', pooler.console(), '--users', '200'])
    expect(code).toBe(2)
    expect(stderr).toMatch(/^error\[USAGE\]: the server's settings were not read/)
  })

  it('--strict: what cannot be judged is not ready', async () => {
    const roomy = await startPgbouncer({server, settings: {max_client_conn: '500'}})
    try {
      const args = ['capacity', server.url(), '--users', '200', '--pgbouncer', roomy.console()]
      expect(await cli(args)).toMatchObject({code: 0, stdout: expect.stringMatching(/^CANNOT JUDGE/)})
      expect(await cli([...args, '--strict'])).toMatchObject({code: 4})
    } finally {
      await roomy.stop()
    }
  })
})
