import {existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import pg from 'pg'
import {afterAll, afterEach, beforeAll, beforeEach, describe, expect, test} from 'vitest'
import {configTemplate} from '../../src/config/template.js'
import {loadConfig} from '../../src/config.js'
import {type EmbeddedServer, startServer} from '../../src/embedded/server.js'
import {roleSql} from '../../src/role.js'
import {rules} from '../../src/rules/index.js'
import {cliIn} from '../cli.js'

let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ahsp-db-init-'))
  file = join(folder, 'ahsp-db.yaml')
})
afterEach(() => rmSync(folder, {recursive: true}))
const init = (...args: string[]) => cliIn(folder)(['init', ...args])

describe('the file', () => {
  test('is written, is valid, and the SQL goes to standard output', async () => {
    const {code, stdout, stderr} = await init()
    expect({code, stderr}).toEqual({code: 0, stderr: 'ahsp-db.yaml written\n'})
    expect(stdout).toBe(roleSql('ahsp_db', 'postgres'))
    expect(readFileSync(file, 'utf8')).toBe(configTemplate(rules))
    await expect(loadConfig(file, rules, {})).resolves.toMatchObject({file, failOn: 'high'})
    expect(statSync(file).mode & 0o077).toBe(0)
  })
  test('is never overwritten unasked', async () => {
    writeFileSync(file, 'failOn: low\n')
    const {code, stdout, stderr} = await init()
    expect({code, stdout}).toEqual({code: 2, stdout: ''})
    expect(stderr).toBe('error[USAGE]: ahsp-db.yaml exists already - overwrite it with --force, or look with --print\n')
    expect(readFileSync(file, 'utf8')).toBe('failOn: low\n')
    expect((await init('--force')).code).toBe(0)
    expect(readFileSync(file, 'utf8')).toBe(configTemplate(rules))
    expect(readdirSync(folder)).toEqual(['ahsp-db.yaml'])
  })
  test('--print writes nothing', async () => {
    const {code, stdout} = await init('--print', '--role', 'watch', '--database', 'shop')
    expect(code).toBe(0)
    expect(stdout).toBe(`${configTemplate(rules)}\n${roleSql('watch', 'shop')}`)
    expect(existsSync(file)).toBe(false)
  })
  test('where it cannot be written: exit code 6', async () => {
    const {code, stderr} = await init('-o', 'no/such/folder.yaml')
    expect(code).toBe(6)
    expect(stderr).toMatch(/^error\[OUTPUT\]: cannot write no\/such\/folder\.yaml [^\n]*\n$/)
  })
})

describe('the role, on a real server', () => {
  let server: EmbeddedServer
  beforeAll(async () => {
    server = await startServer()
  })
  afterAll(() => server.stop())

  async function as<T>(user: string | undefined, work: (client: pg.Client) => Promise<T>): Promise<T> {
    const client = new pg.Client({connectionString: server.url('postgres', user)})
    await client.connect()
    try {
      return await work(client)
    } finally {
      await client.end()
    }
  }

  test.each(['ahsp_db', 'Odd "name"; --', 'two\nlines; DROP TABLE t'])(
    '%s sees statistics and cannot write',
    async role => {
      await as(undefined, client => client.query(`CREATE TABLE IF NOT EXISTS t (a int); ${roleSql(role, 'postgres')}`))
      await as(role, async client => {
        const {rows} = await client.query(
          `SELECT pg_has_role('pg_monitor', 'USAGE') AS monitor, rolsuper, rolconnlimit,
          current_setting('default_transaction_read_only') AS "readOnly" FROM pg_roles WHERE rolname = current_user`,
        )
        expect(rows).toEqual([{monitor: true, rolsuper: false, rolconnlimit: 2, readOnly: 'on'}])
        await expect(client.query('CREATE TEMP TABLE x (a int)')).rejects.toMatchObject({code: '25006'})
        await expect(client.query('SELECT * FROM t')).rejects.toMatchObject({code: '42501'})
      })
    },
  )
})
