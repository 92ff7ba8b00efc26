import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import pg from 'pg'
import {afterAll, beforeAll, expect, it} from 'vitest'
import {type EmbeddedServer, startServer} from '../src/embedded/server.js'
import {cliIn} from './cli.js'
import {HBA, startPair} from './standby.js'

const servers: EmbeddedServer[] = []
let folder: string
let cli: ReturnType<typeof cliIn>
let files: Record<'primary' | 'replica' | 'stranger', string>

async function sql(server: EmbeddedServer, statements: string[]): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({connectionString: server.url()})
  await client.connect()
  let rows: Record<string, unknown>[] = []
  for (const statement of statements) rows = (await client.query(statement)).rows
  await client.end()
  return rows
}

async function snapshotOf(server: EmbeddedServer, name: string): Promise<string> {
  const file = join(folder, `${name}.json`)
  const {code, stderr} = await cli(['snapshot', server.url(), '-o', file])
  expect(code, stderr).toBe(0)
  return file
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ahsp-db-test-'))
  cli = cliIn(folder)
  writeFileSync(
    join(folder, 'ahsp-db.yaml'),
    'rules:\n  indexes/unused:\n    minBytes: 8192\n    minWindow: 0\n    fullWindow: 0\n',
  )
  const template = await startServer({hba: HBA, keep: true})
  await sql(template, [
    'CREATE TABLE t (a int, b int)',
    'INSERT INTO t SELECT i, i FROM generate_series(1, 20000) i',
    'CREATE INDEX t_a ON t (a)',
    'CREATE INDEX t_b ON t (b)',
    'VACUUM ANALYZE t',
  ])
  await template.stop()
  const {primary, standby: replica} = await startPair({template: template.dataDir})
  servers.push(primary, replica)
  // The report runs on the replica only.
  await sql(replica, ['SET enable_seqscan = off', 'SELECT FROM t WHERE a = 7'])
  await sleep(1200)
  const [own, theirs] = [await snapshotOf(primary, 'primary'), await snapshotOf(replica, 'replica')]
  const stranger = join(folder, 'stranger.json')
  // Servers that are started here are copies of one cluster, and share its identifier.
  writeFileSync(stranger, readFileSync(theirs, 'utf8').replace(/("systemIdentifier": )"\d+"/, '$1"42"'))
  files = {primary: own, replica: theirs, stranger}
})

afterAll(async () => {
  for (const server of servers.reverse()) await server.stop()
  rmSync(folder, {recursive: true, force: true})
})

const unused = async (...args: string[]) => {
  const {stdout, stderr, code} = await cli(['check', ...args, '--only', 'indexes/unused', '--format', 'json'])
  expect(code, stderr).toBe(0)
  const [result] = JSON.parse(stdout).results
  return {status: result.status, subjects: result.findings.map(({subject}: {subject: string}) => subject)}
}

it('adds up the index scans of a primary and its replica', async () => {
  const {primary, replica} = files
  const both = ['"public"."t_a"', '"public"."t_b"']
  expect(await unused('--snapshot', primary)).toEqual({status: 'found', subjects: both})
  expect(await unused('--snapshot', primary, '--snapshot', replica)).toEqual({status: 'found', subjects: [both[1]]})
  expect(await unused('--snapshot', replica)).toEqual({status: 'skipped', subjects: []})
})

it('refuses what is no replica of the first, with exit 2 and the file', async () => {
  const {primary, replica, stranger} = files
  for (const [first, second, why] of [
    [primary, stranger, 'another system'],
    [primary, primary, 'not a replica'],
    [replica, replica, 'given twice'],
  ]) {
    const {code, stderr} = await cli(['check', '--snapshot', first!, '--snapshot', second!])
    expect(code).toBe(2)
    expect(stderr).toMatch(/^error\[USAGE\]: .+ - .+\n$/)
    expect(stderr).toContain(second!)
    expect(stderr).toContain(why!)
  }
})
