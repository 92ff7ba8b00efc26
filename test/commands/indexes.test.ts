import {mkdtemp, readFile, rm, writeFile} from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import pg from 'pg'
import {afterAll, beforeAll, expect, test} from 'vitest'
import {loadAhsp} from '../../fixtures/ahsp/load.js'
import {chartData, weeklyRecap} from '../../fixtures/ahsp/requests.js'
import type {IndexesReport} from '../../src/advisor/report.js'
import {type EmbeddedServer, embeddedAvailable, startServer} from '../../src/embedded/server.js'
import {cliIn} from '../cli.js'

const hasServer = embeddedAvailable().ok
let server: EmbeddedServer
let folder: string
const cli = (args: string[]) => cliIn(folder)(args)

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'ahsp-db-indexes-'))
  if (!hasServer) return
  server = await startServer({settings: {shared_preload_libraries: 'pg_stat_statements'}})
  await onServer(server.url(), client => client.query('CREATE DATABASE ahsp'))
  await loadAhsp(server.url('ahsp'), {disease: true})
  await onServer(server.url('ahsp'), async client => {
    await client.query('CREATE EXTENSION pg_stat_statements')
    for (let project = 1; project < 30; project += 1) {
      await weeklyRecap(client, project, 'naive')
      await chartData(client, project)
    }
  })
})

afterAll(async () => {
  await server?.stop()
  await rm(folder, {recursive: true, force: true})
})

async function onServer(url: string, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({connectionString: url})
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}

const report = async (...args: string[]): Promise<IndexesReport> => {
  const {code, stdout, stderr} = await cli(['indexes', server.url('ahsp'), '--format', 'json', ...args])
  expect(stderr).toBe('')
  expect(code).toBe(0)
  return JSON.parse(stdout)
}

test.runIf(hasServer)(
  'the missing index comes out; its lines run as printed, and then nothing is missing',
  async () => {
    const {recommendations, before, after} = await report('--explain')
    const index = recommendations.find(({table}) => table === '"public"."detail_project_pekerjaan"')!
    expect(index.definition).toContain('USING btree ("project_id")')
    expect(index.code?.lines.join('\n')).toContain('models.Index(fields=["project_id"]')
    expect(JSON.stringify(index.serves.map(({plans}) => plans!.after))).toContain(JSON.parse(index.name.split('.')[1]!))
    expect(after).toBeLessThan(before)
    await onServer(server.url('ahsp'), async client => {
      for (const sql of index.create) await client.query(sql)
      const {rows} = await client.query(index.verify[0]!)
      expect(rows).toEqual([{'is usable': true}])
    })
    const next = await report()
    expect(next.recommendations.map(({table}) => table)).not.toContain(index.table)
    await onServer(server.url('ahsp'), async client => {
      for (const sql of index.undo) await client.query(sql)
    })
  },
)

test.runIf(hasServer)('for people: before and after, the lines, and what was refused', async () => {
  const {code, stdout} = await cli(['indexes', server.url('ahsp'), '--max', '1'])
  expect(code).toBe(0)
  expect(stdout).toMatch(/^(ONE INDEX|NO INDEX)/)
  expect(stdout).toMatch(/cost [\d.,k]+ -> [\d.,k]+/)
  expect(stdout).toContain('CREATE INDEX CONCURRENTLY "')
  expect(stdout).toContain('DROP INDEX CONCURRENTLY "public"."')
})

test.runIf(hasServer)('what does not fit into the budget is named', async () => {
  const {recommendations, closest} = await report('--budget', '10kB')
  expect(recommendations).toEqual([])
  expect(closest?.reason).toBe('it does not fit into the budget')
})

test.runIf(hasServer)('statements of a file, in Markdown, to a file', async () => {
  await writeFile(
    path.join(folder, 'q.sql'),
    "-- mine\nSELECT id FROM detail_project_pekerjaan WHERE snapshot_kode = 'A.1.1';\nSELECT FROM nowhere;",
  )
  const {code, stderr} = await cli([
    'indexes',
    server.url('ahsp'),
    '--queries',
    'q.sql',
    '-f',
    'markdown',
    '-o',
    'out.md',
  ])
  expect({code, stderr}).toEqual({code: 0, stderr: ''})
  const text = await readFile(path.join(folder, 'out.md'), 'utf8')
  expect(text).toContain('("snapshot_kode")')
  expect(text).toContain('it reads no table of this database')
})

test.runIf(hasServer)('without statements the error says what to do', async () => {
  const empty = await cli(['indexes', server.url('postgres')])
  expect(empty.code).toBe(2)
  expect(empty.stderr).toMatch(/^error\[USAGE\]: the workload cannot be read/)
  const missing = await cli(['indexes', server.url('ahsp'), '--queries', 'nothing.sql'])
  expect(missing.code).toBe(2)
})
