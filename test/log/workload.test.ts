import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import type {Catalog} from '../../src/advisor/catalog.js'
import {readStatements} from '../../src/advisor/questions.js'
import type {Workload} from '../../src/advisor/workload.js'
import {commonText, parametersIn, withValues} from '../../src/log/values.js'
import {workloadOfLogs} from '../../src/log/workload.js'
import {loadParser} from '../../src/sql/parse.js'
import {createSchema, type Logs, loggingServer, logsOf, type Protocol, session} from './workload.js'

beforeAll(() => loadParser())

describe('values', () => {
  test('of a DETAIL, as literals', () => {
    expect([...parametersIn("$1 = '42', $2 = NULL, $3 = 'it''s, $4 = ''x'''")!.values()]).toEqual([
      "'42'",
      'NULL',
      "'it''s, $4 = ''x'''",
    ])
    expect(parametersIn("$1 = 'abc...', $2 = '5'")).toBeNull()
    expect(parametersIn('something else')).toBeNull()
  })
  test('go where parameters stand, and nowhere else', () => {
    const values = new Map([[1, "'7'"]])
    expect(withValues(`SELECT '$1', "$1" FROM t -- $1\n WHERE a = $1`, values)).toBe(
      `SELECT '$1', "$1" FROM t -- $1\n WHERE a = '7'`,
    )
    expect(withValues('SELECT $2', values)).toBeNull()
    expect(withValues('SELECT 1', null)).toBe('SELECT 1')
  })
  test('what differs between executions becomes a parameter', () => {
    expect(
      commonText([
        "SELECT * FROM t WHERE state = 'open' AND owner = 5 LIMIT 10",
        "select * from t where state = 'open' and owner = 6 limit 10",
        "SELECT * FROM t  WHERE state = 'open' AND owner = 5 LIMIT 10",
      ]),
    ).toBe("SELECT * FROM t WHERE state = 'open' AND owner = $1 LIMIT 10")
    expect(commonText(["SELECT $1, 'a'", "SELECT $1, 'b'"])).toBe('SELECT $1, $2')
    expect(commonText(['SELECT * FROM t WHERE a IN (1, 2)', 'SELECT * FROM t WHERE a IN (1)'])).toBe(
      'SELECT * FROM t WHERE a IN (1, 2)',
    )
  })
})

const folder = mkdtempSync(join(tmpdir(), 'ahsp-db-log-'))
afterAll(() => rmSync(folder, {recursive: true, force: true}))

describe('logs of a real server', () => {
  let logs: Logs
  beforeAll(async () => {
    const server = await loggingServer('%m [%p] %q%u@%d ')
    try {
      await createSchema(server)
      for (const protocol of ['simple', 'unnamed', 'named'] as Protocol[]) {
        await session(server, protocol, async send => {
          for (let i = 0; i < 10; i += 1) {
            await send("SELECT id FROM work_items WHERE project_id = $1 AND title <> 'none'", [i % 2 === 0 ? 3 : i])
            await send('SELECT pg_sleep(0)')
            await send('SELECT relname FROM pg_catalog.pg_class WHERE oid = $1', [i])
          }
        })
      }
      await session(server, 'simple', async send => {
        await send('PREPARE named AS SELECT * FROM projects WHERE id = $1')
        for (let i = 0; i < 4; i += 1) await send(`EXECUTE named(${i})`)
      })
      await new Promise(resolve => setTimeout(resolve, 500))
      logs = logsOf(server)
    } finally {
      await server.stop()
    }
  })

  const workload = (text: string): Promise<Workload> => {
    const file = join(folder, 'server.log')
    writeFileSync(file, text)
    return workloadOfLogs([file], undefined)
  }

  test.each(['stderr', 'csvlog', 'jsonlog'] as const)(
    '%s: statements with their calls and their values',
    async format => {
      const {statements} = await workload(logs[format])
      const items = statements.find(({sql}) => sql.includes('work_items'))!
      expect(items).toMatchObject({
        sql: "SELECT id FROM work_items WHERE project_id = $1 AND title <> 'none'",
        calls: 30,
      })
      expect(items.totalMs).toBeGreaterThan(0)
      const samples = items.samples!
      expect(samples.reduce((sum, {weight}) => sum + weight, 0)).toBeCloseTo(1)
      for (const {sql} of samples) expect(sql).toMatch(/WHERE project_id = '?\d'? AND title <> 'none'$/)
      expect(samples.some(({sql}) => /project_id = '3'/.test(sql))).toBe(true)
      expect(statements.find(({sql}) => sql.includes('FROM projects'))).toMatchObject({
        sql: 'SELECT * FROM projects WHERE id = $1',
        calls: 4,
      })
      expect(statements.map(({sql}) => sql).filter(sql => /pg_sleep|pg_class|^EXECUTE/.test(sql))).toEqual([])
    },
  )
  test('real values are planned, not typical ones', async () => {
    const {statements} = await workload(logs.csvlog)
    const items = statements.filter(({sql}) => sql.includes('work_items'))
    const column = {type: 'integer', isCollationC: true, width: 4, nullFraction: 0, isNullable: true, distinct: 20}
    const columns = ['id', 'project_id', 'title'].map(name => ({
      ...{name, ...column, common: [], histogram: ['1', '2', '3'], correlation: null},
    }))
    const table = {schema: 'public', name: 'work_items', rows: 200, pages: 2, allVisible: 0, columns, indexes: []}
    const {questions} = readStatements(items, {tables: [table], extensions: []} as unknown as Catalog)
    expect(questions.map(({variants}) => variants)).toEqual([items[0]!.samples])
  })
  test('the same log gives the same workload', async () => {
    const untimed = async () =>
      (await workload(logs.csvlog)).statements.map(({sql, calls, samples}) => [sql, calls, samples])
    expect(await untimed()).toEqual(await untimed())
  })
})
