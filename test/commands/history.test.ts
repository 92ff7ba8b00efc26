import {mkdir, mkdtemp, readdir, rm, truncate, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, afterEach, beforeAll, beforeEach, describe, expect, it} from 'vitest'
import {resolveConninfo} from '../../src/connect/conninfo.js'
import {connect} from '../../src/connect/postgres.js'
import {type EmbeddedServer, startServer} from '../../src/embedded/server.js'
import {cliIn} from '../cli.js'

let server: EmbeddedServer
let url: string
let folder: string
let cli: ReturnType<typeof cliIn>
beforeAll(async () => {
  server = await startServer({quick: true, settings: {shared_preload_libraries: 'pg_stat_statements'}})
  url = server.url()
  await sql('CREATE EXTENSION pg_stat_statements; CREATE TABLE orders (id int, note text)')
  await sql('INSERT INTO orders SELECT i, md5(i::text) FROM generate_series(1, 20000) i; ANALYZE orders')
}, 60_000)
afterAll(() => server?.stop())
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ahsp-db-cli-history-'))
  cli = cliIn(folder)
  await heal()
})
afterEach(() => rm(folder, {recursive: true, force: true}))

async function sql(text: string) {
  const connection = await connect(await resolveConninfo(url, {}))
  for (const each of text.split(';')) await connection.run(each, {deadlineMs: 10_000})
  await connection.close()
}

const PLACE = '.ahsp-db/history'
/** Beside it lie the locks. */
const targetIn = async (place: string) => (await readdir(place)).find(name => !name.startsWith('.'))
const entries = async () => {
  const target = await targetIn(join(folder, PLACE))
  return (await readdir(join(folder, PLACE, target!))).sort().map(name => join(folder, PLACE, target!, name))
}

/** Without a primary key the table is a finding (info). */
const sicken = () => sql('ALTER TABLE orders DROP CONSTRAINT IF EXISTS orders_pkey')
const heal = async () => {
  await sicken()
  await sql('ALTER TABLE orders ADD PRIMARY KEY (id)')
}

describe('check that remembers', () => {
  const ONLY = ['--only', 'schema', '--fail-on', 'info']

  it('first run: everything is new; then only what came since counts, and it is told', async () => {
    const check = () => cli(['check', url, ...ONLY, '--save', '--baseline', 'last', '--fail-on-new'])
    const first = await check()
    expect(first).toMatchObject({code: 0, stderr: ''})
    expect(first.stdout.replaceAll(/\s+/g, ' ')).toContain(`nothing to compare with: ${PLACE} has no earlier run`)
    await sicken()
    const second = await check()
    expect(second).toMatchObject({code: 1, stderr: ''})
    expect(second.stdout).toMatch(/Since .* UTC \(.*\): findings: 1 new/)
    expect(second.stdout).toMatch(/^new +info/m)
    expect(second.stdout).toMatch(/^index +"public"."orders_pkey" removed/m)
    const third = await check()
    expect(third).toMatchObject({code: 0, stderr: ''})
    expect(third.stdout).toContain('findings: 1 as before')
    await heal()
    const fourth = await check()
    expect(fourth).toMatchObject({code: 0})
    expect(fourth.stdout).toMatch(/^gone +info/m)
    expect(await entries()).toHaveLength(4)
  }, 60_000)

  it('without an earlier run --fail-on-new counts every finding', async () => {
    await sicken()
    const {code} = await cli(['check', url, ...ONLY, '--baseline', 'last', '--fail-on-new'])
    expect(code).toBe(1)
  }, 30_000)

  it('a run that cannot be saved is exit 6, and its report is there', async () => {
    await writeFile(join(folder, 'file'), '')
    const {code, stdout, stderr} = await cli(['check', url, ...ONLY, '--save', '--history', 'file'])
    expect(code).toBe(6)
    expect(stdout).toContain('HEALTHY')
    expect(stderr).toMatch(/^error\[HISTORY\]: the run was not saved: .*file.* - /)
    expect(stderr.trim().split('\n')).toHaveLength(1)
  }, 30_000)

  it('a damaged run is named and passed over', async () => {
    for (let i = 0; i < 2; i++) await cli(['check', url, ...ONLY, '--save'])
    const [, newest] = await entries()
    await truncate(newest!, 50)
    const {code, stdout} = await cli(['check', url, ...ONLY, '--baseline', 'last'])
    expect(code).toBe(0)
    expect(stdout).toContain('Since ')
    expect(stdout.replaceAll(/\s+/g, '')).toContain(`${newest!.slice(folder.length + 1)}:isdamaged`)
  }, 30_000)

  it('the configuration says where and how many; a variable that is not set is told', async () => {
    await mkdir(join(folder, 'kept'))
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the variable of the configuration
    await writeFile(join(folder, 'ahsp-db.yaml'), 'history: {place: "${KEPT}/runs", count: 2}\n')
    for (let i = 0; i < 3; i++) expect((await cli(['check', url, ...ONLY, '--save'], {KEPT: 'kept'})).code).toBe(0)
    const target = await targetIn(join(folder, 'kept/runs'))
    expect(await readdir(join(folder, 'kept/runs', target!))).toHaveLength(2)
    const unset = await cli(['check', url, ...ONLY, '--save'])
    expect(unset).toMatchObject({code: 2, stderr: expect.stringContaining('KEPT is not set')})
  }, 60_000)

  it('queries takes a baseline of the history, too', async () => {
    await cli(['check', url, '--save'])
    const {code, stderr} = await cli(['queries', url, '--baseline', 'last'])
    expect({code, stderr}).toEqual({code: 0, stderr: ''})
  }, 30_000)
})

describe('a history in a database', () => {
  it('is created by init alone, then checked and compared with', async () => {
    await sql('CREATE DATABASE monitoring')
    const place = server.url('monitoring')
    const save = () => cli(['check', url, '--only', 'schema', '--save', '--baseline', 'last', '--history', place])
    const missing = await save()
    expect(missing).toMatchObject({code: 6, stderr: expect.stringContaining('ahsp-db init --history')})
    expect(missing.stdout).toContain('HEALTHY')
    const shown = await cli(['init', '--history', place, '--print'])
    expect(shown.stdout).toContain('CREATE TABLE IF NOT EXISTS ahsp_db_history.entries')
    expect((await save()).code).toBe(6)
    const created = await cli(['init', '--history', place])
    expect(created).toMatchObject({code: 0, stdout: expect.stringContaining('GRANT SELECT, INSERT, DELETE')})
    expect(await save()).toMatchObject({code: 0, stderr: ''})
    expect((await save()).stdout).toContain('Since ')
    expect((await cli(['diff', '--history', place, '--list'])).stdout.trim().split('\n')).toHaveLength(2)
    expect((await cli(['diff', '--history', place])).code).toBe(0)
    expect(await readdir(folder)).toEqual([])
  }, 60_000)
})

describe('diff', () => {
  it('of remembered runs, by word, age and id; of files; as a list', async () => {
    await cli(['check', url, '--save', '--users', '100'])
    await sicken()
    await cli(['check', url, '--save', '--users', '100'])
    const json = async (...args: string[]) => JSON.parse((await cli(['diff', ...args, '--format', 'json'])).stdout)
    const last = await json('last')
    expect(last).toMatchObject({format: 'ahsp-db/diff', schema: [{kind: 'index', change: 'removed'}]})
    expect(last.before.headline).toContain('for 100 users')
    expect(last.findings.new).toMatchObject([{rule: 'schema/no-primary-key'}])
    const list = (await cli(['diff', '--list'])).stdout.trim().split('\n')
    expect(list).toHaveLength(2)
    const [newer, older] = list.map(line => line.split(' ')[0]!)
    expect(await json(older!, newer!)).toEqual(last)
    const week = await json('7d')
    expect(week.notes).toEqual([expect.stringContaining('reaches back')])
    const [before, after] = (await entries()).map(file => file)
    expect(await json(before!, after!)).toEqual(last)
    await cli(['check', url, '--format', 'json', '-o', 'report.json'])
    const mixed = await json(before!, 'report.json')
    expect(mixed.incomparable).toEqual(['settings and schema: of the second run there is only a report'])
    expect(mixed.statements.comparable).toBe(false)
  }, 60_000)

  it('what is not there is one line and exit 2', async () => {
    for (const args of [['last'], ['none.json'], ['20261121T111038.158Z-04f1349b'], ['--list']]) {
      const {code, stderr} = await cli(['diff', ...args])
      expect(code).toBe(2)
      expect(stderr).toMatch(/^error\[[A-Z]+\]: .+ - .+\n$/)
    }
  }, 30_000)

  it('two databases in one history: which one is asked', async () => {
    await sql('CREATE DATABASE other')
    for (const each of [url, server.url('other')]) for (let i = 0; i < 2; i++) await cli(['check', each, '--save'])
    const unclear = await cli(['diff'])
    expect(unclear).toMatchObject({code: 2, stderr: expect.stringContaining('--target')})
    expect((await cli(['diff', '--target', 'other'])).code).toBe(0)
  }, 60_000)
})
