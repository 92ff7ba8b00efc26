import {parse} from 'libpg-query'
import {describe, expect, it} from 'vitest'
import {completeFix} from '../../src/fix/complete.js'
import {detectPlatform} from '../../src/fix/platform.js'
import type {Block, Fix} from '../../src/report.js'
import type {FixRequest} from '../../src/rule.js'
import {DEBIAN, roleSetting, sections, server, setting} from './sections.js'

const MAX: FixRequest = {kind: 'setting', name: 'max_connections', to: '200'}
const CONF = '/etc/postgresql/15/main/postgresql.conf'
const AUTO = '/var/lib/postgresql/15/main/postgresql.auto.conf'

async function fixOf(request: FixRequest, parts: Record<string, unknown> = {}, platformId?: string): Promise<Fix> {
  const all = sections({server: server(), ...parts})
  const fix = completeFix(request, 'connections/exhaustion', all, detectPlatform(all, platformId))
  const blocks = [...fix.steps, ...fix.alternative, ...fix.verify, ...fix.undo]
  for (const line of blocks.filter(block => block.language === 'sql').flatMap(block => block.lines)) {
    await expect(parse(line), line).resolves.toMatchObject({stmts: [{}]})
    expect(line).toMatch(/;$/)
  }
  expect(fix.verify[0]?.lines).toEqual(['ahsp-db check --only connections/exhaustion'])
  return fix
}
const lines = (blocks: Block[]) => blocks.flatMap(block => block.lines)
const inFile = setting('max_connections', '100', {source: 'configuration file', sourceFile: CONF, sourceLine: 65})

describe('a setting', () => {
  it('names file, line, old and new line, restart, SQL way, verify and undo', async () => {
    const fix = await fixOf(MAX, {settings: [...DEBIAN, inFile]})
    expect(fix.setting).toEqual({name: 'max_connections', from: '100', to: '200', apply: 'restart'})
    expect(fix.risk).toBe('review')
    expect(fix.steps).toMatchObject([
      {language: 'conf', file: CONF, line: 65, replaces: 'max_connections = 100', lines: ['max_connections = 200']},
      {language: 'sh', lines: ['sudo systemctl restart postgresql@15-main']},
    ])
    expect(lines(fix.alternative)).toEqual([
      'ALTER SYSTEM SET max_connections = 200;',
      'sudo systemctl restart postgresql@15-main',
    ])
    expect(lines(fix.verify)[1]).toBe('SHOW max_connections;')
    expect(fix.undo[0]).toMatchObject({lines: ['max_connections = 100'], replaces: 'max_connections = 200', line: 65})
    expect(lines(fix.undo.slice(1))).toEqual([
      'ALTER SYSTEM RESET max_connections;',
      'sudo systemctl restart postgresql@15-main',
    ])
  })

  it('writes values as a person would', async () => {
    const memory = {unit: '8kB', source: 'configuration file', sourceFile: CONF, sourceLine: 7}
    const buffers = await fixOf(
      {kind: 'setting', name: 'shared_buffers', to: '32768'},
      {settings: [...DEBIAN, setting('shared_buffers', '16384', memory)]},
    )
    expect(buffers.steps[0]).toMatchObject({lines: ['shared_buffers = 256MB'], replaces: 'shared_buffers = 128MB'})
    expect(lines(buffers.alternative)[0]).toBe("ALTER SYSTEM SET shared_buffers = '256MB';")
    const cost = await fixOf(
      {kind: 'setting', name: 'random_page_cost', to: '1.1'},
      {settings: [...DEBIAN, setting('random_page_cost', '4', {vartype: 'real', context: 'user'})]},
    )
    expect(lines(cost.steps)).toEqual(['random_page_cost = 1.1', 'sudo pg_ctlcluster 15 main reload'])
  })

  it('adds a line at the end when nobody sets it, and undoes that by removing it', async () => {
    const timeout = setting('statement_timeout', '0', {unit: 'ms', context: 'user'})
    const fix = await fixOf({kind: 'setting', name: 'statement_timeout', to: '30s'}, {settings: [...DEBIAN, timeout]})
    expect(fix.setting).toMatchObject({from: '0', to: '30s', apply: 'reload'})
    expect(fix.steps[0]).toEqual({
      text: `Add the line at the end of ${CONF}`,
      language: 'conf',
      lines: ['statement_timeout = 30s'],
      file: CONF,
    })
    expect(fix.undo[0]).toMatchObject({lines: [], file: CONF, replaces: 'statement_timeout = 30s'})
    expect(lines(fix.alternative)).toEqual(["ALTER SYSTEM SET statement_timeout = '30s';", 'SELECT pg_reload_conf();'])
  })

  it('quotes every element of a list, in SQL and in the file', async () => {
    const request: FixRequest = {
      kind: 'setting',
      name: 'shared_preload_libraries',
      to: 'auto_explain, pg_stat_statements',
    }
    const libraries = setting('shared_preload_libraries', 'auto_explain', {vartype: 'string'})
    const fix = await fixOf(request, {settings: [...DEBIAN, libraries]})
    expect(fix.steps[0]?.lines).toEqual(["shared_preload_libraries = 'auto_explain, pg_stat_statements'"])
    expect(lines(fix.alternative)[0]).toBe(
      "ALTER SYSTEM SET shared_preload_libraries = 'auto_explain', 'pg_stat_statements';",
    )
    expect((await fixOf(request)).note).toContain('keep the libraries that the line names already')
  })

  it('answers with ALTER SYSTEM when postgresql.auto.conf sets it', async () => {
    const fileSettings = [
      {file: CONF, line: 65, name: 'max_connections', value: '50', applied: false, error: null},
      {file: AUTO, line: 3, name: 'max_connections', value: '100', applied: true, error: null},
    ]
    const auto = setting('max_connections', '100', {source: 'configuration file', sourceFile: AUTO, sourceLine: 3})
    for (const parts of [{settings: [...DEBIAN, auto]}, {settings: [...DEBIAN, auto], fileSettings}]) {
      const fix = await fixOf(MAX, parts)
      expect(lines(fix.steps)[0]).toBe('ALTER SYSTEM SET max_connections = 200;')
      expect(lines(fix.undo)[0]).toBe('ALTER SYSTEM SET max_connections = 100;')
      expect(fix.note).toContain('postgresql.auto.conf')
      expect(fix.alternative).toEqual([])
    }
  })

  it('only restarts when the file has the value already', async () => {
    const error = 'setting could not be applied'
    const fileSettings = [{file: CONF, line: 66, name: 'max_connections', value: '200', applied: false, error}]
    const fix = await fixOf(MAX, {settings: [...DEBIAN, {...inFile, pendingRestart: true}], fileSettings})
    expect(lines(fix.steps)).toEqual(['sudo systemctl restart postgresql@15-main'])
    expect(fix.note).toContain('has this value already')
  })

  it('says where else to look when the command line sets it', async () => {
    const settings = [setting('max_connections', '100', {source: 'command line'})]
    const fix = await fixOf(MAX, {settings}, 'docker')
    expect(fix.steps[0]).toMatchObject({lines: ['-c max_connections=200'], replaces: '-c max_connections=100'})
    expect(lines(fix.steps)[1]).toBe('docker compose up -d')
    expect(fix.note).toContain('would lose')
    expect(fix.alternative).toEqual([])
  })

  it('tells how to find a hidden file, and the grant that would show it', async () => {
    const fix = await fixOf(MAX, {settings: [setting('max_connections', '100', {source: 'configuration file'})]})
    expect(fix.steps[0]).toMatchObject({
      file: 'postgresql.conf (SHOW config_file tells where)',
      replaces: 'max_connections = 100',
    })
    expect(fix.steps[0]?.line).toBeUndefined()
    expect(fix.note).toContain('GRANT pg_monitor TO "app";')
    expect(lines(fix.steps)).toContain('net start postgresql-x64-15')
  })

  it('leaves ALTER SYSTEM out where it is switched off', async () => {
    const off = setting('allow_alter_system', 'off', {vartype: 'bool'})
    const fix = await fixOf(MAX, {settings: [...DEBIAN, inFile, off]})
    expect(JSON.stringify(fix)).not.toContain('ALTER SYSTEM')
  })

  it('warns of standbys and of roles that keep their own value', async () => {
    const replicas = [{application: 'standby'}]
    expect((await fixOf(MAX, {settings: [...DEBIAN, inFile], replicas})).note).toContain('standbys first')
    const timeout = setting('statement_timeout', '0', {unit: 'ms', context: 'user'})
    const roleSettings = [
      roleSetting('batch', null, 'statement_timeout', '0'),
      roleSetting('web', 'ahsp', 'statement_timeout', '30000'),
    ]
    const request: FixRequest = {kind: 'setting', name: 'statement_timeout', to: '30s'}
    const fix = await fixOf(request, {settings: [...DEBIAN, timeout], roleSettings})
    expect(fix.note).toBe('Still wins over this: role "batch" (0).')
  })
})

describe('a setting of a role', () => {
  const user = setting('statement_timeout', '0', {unit: 'ms', context: 'user'})
  const request: FixRequest = {kind: 'setting', name: 'statement_timeout', to: '30s', role: 'we"b'}

  it('is altered there and in every narrower entry, and undone to what it was', async () => {
    const roleSettings = [roleSetting('we"b', 'ahsp', 'statement_timeout', '0')]
    const fix = await fixOf(request, {settings: [...DEBIAN, user], roleSettings})
    expect(fix.steps[0]?.lines).toEqual([
      `ALTER ROLE "we""b" SET statement_timeout = '30s';`,
      `ALTER ROLE "we""b" IN DATABASE "ahsp" SET statement_timeout = '30s';`,
    ])
    expect(fix.undo[0]?.lines).toEqual([
      'ALTER ROLE "we""b" RESET statement_timeout;',
      'ALTER ROLE "we""b" IN DATABASE "ahsp" SET statement_timeout = 0;',
    ])
    expect(fix.setting?.apply).toBe('reconnect')
    expect(fix.alternative).toEqual([])
  })

  it('is found when the value that was judged came from ALTER ROLE or ALTER DATABASE', async () => {
    const roleSettings = [
      roleSetting(null, 'ahsp', 'work_mem', '1MB'),
      roleSetting(null, null, 'work_mem', '2MB'),
      roleSetting('other', null, 'work_mem', '3MB'),
    ]
    const settings = [...DEBIAN, setting('work_mem', '1024', {unit: 'kB', context: 'user', source: 'database'})]
    const fix = await fixOf({kind: 'setting', name: 'work_mem', to: '16MB'}, {settings, roleSettings})
    expect(fix.steps[0]?.lines).toEqual([`ALTER DATABASE "ahsp" SET work_mem = '16MB';`])
    expect(lines(fix.undo)).toEqual([`ALTER DATABASE "ahsp" SET work_mem = '1MB';`])
  })

  it('survives hostile names', async () => {
    const hostile = 'x"; DROP TABLE users; --\n\u001b[31m'
    const fix = await fixOf({...request, role: hostile, database: hostile}, {settings: [user]})
    expect(fix.steps[0]?.lines[0]).not.toMatch(/[\n\u001b]/)
  })
})

describe('managed platforms', () => {
  const buffers = setting('shared_buffers', '16384', {unit: '8kB', source: 'configuration file'})
  const request: FixRequest = {kind: 'setting', name: 'shared_buffers', to: '256MB'}

  it.each([
    [
      'rds',
      'aws rds modify-db-parameter-group --db-parameter-group-name <group> --parameters "ParameterName=shared_buffers,ParameterValue=32768,ApplyMethod=pending-reboot"',
    ],
    [
      'aurora',
      'aws rds modify-db-cluster-parameter-group --db-cluster-parameter-group-name <group> --parameters "ParameterName=shared_buffers,ParameterValue=32768,ApplyMethod=pending-reboot"',
    ],
    ['cloudsql', 'gcloud sql instances patch <instance> --database-flags=shared_buffers=32768'],
    [
      'alloydb',
      'gcloud alloydb instances update <instance> --cluster=<cluster> --region=<region> --database-flags=shared_buffers=32768',
    ],
    [
      'azure',
      'az postgres flexible-server parameter set --resource-group <group> --server-name <server> --name shared_buffers --value 32768',
    ],
    ['supabase', 'supabase --experimental --project-ref <ref> postgres-config update --config shared_buffers=256MB'],
    ['neon', undefined],
    ['heroku', undefined],
  ])('%s', async (id, command) => {
    const fix = await fixOf(request, {settings: [buffers]}, id)
    expect(lines(fix.steps)[0]).toBe(command)
    expect(JSON.stringify(fix)).not.toMatch(/postgresql\.conf|ALTER SYSTEM|pg_reload_conf|systemctl/)
    expect(fix.undo.length).toBeGreaterThan(0)
  })

  it('quotes lists for the shell', async () => {
    const to: FixRequest = {kind: 'setting', name: 'shared_preload_libraries', to: "a,b'c"}
    expect(lines((await fixOf(to, {}, 'rds')).steps)[0]).toContain(
      `--parameters '[{"ParameterName":"shared_preload_libraries","ParameterValue":"a,b'\\''c"`,
    )
    expect(lines((await fixOf(to, {}, 'cloudsql')).steps)[0]).toContain(
      "--database-flags='^;^shared_preload_libraries=a,b'\\''c'",
    )
  })

  it('sets what a session may set by ALTER DATABASE on Neon and Heroku', async () => {
    const timeout = setting('statement_timeout', '0', {unit: 'ms', context: 'user'})
    const fix = await fixOf({kind: 'setting', name: 'statement_timeout', to: '30s'}, {settings: [timeout]}, 'heroku')
    expect(lines(fix.steps)).toEqual([`ALTER DATABASE "ahsp" SET statement_timeout = '30s';`])
  })
})

describe('statements, application, action', () => {
  it('ends every statement, and says what CONCURRENTLY asks for', async () => {
    const fix = await fixOf({
      kind: 'sql',
      title: 'Create the index',
      statements: ['CREATE INDEX CONCURRENTLY ON "public"."a" ("b")', 'ANALYZE "public"."a";'],
      undo: ['DROP INDEX CONCURRENTLY "public"."a_b_idx"'],
      lock: 'SHARE UPDATE EXCLUSIVE',
      verify: ['SELECT 1', 'look at the plan'],
    })
    expect(fix.steps[0]?.lines).toEqual(['CREATE INDEX CONCURRENTLY ON "public"."a" ("b");', 'ANALYZE "public"."a";'])
    expect(fix.note).toMatch(/transaction block.*INVALID index/)
    expect(fix.verify.slice(1)).toMatchObject([{language: 'sql', lines: ['SELECT 1;']}, {text: 'look at the plan'}])
    const named = {
      kind: 'sql',
      title: '',
      statements: ['DROP INDEX "create concurrently"'],
      undo: [],
      lock: '',
    } as const
    expect((await fixOf({...named, statements: [...named.statements], undo: []})).note).toBeUndefined()
  })

  it('sends a standby’s statements to the primary', async () => {
    const request: FixRequest = {kind: 'sql', title: '', statements: ['ANALYZE'], undo: [], lock: 'none'}
    expect((await fixOf(request, {server: server({inRecovery: true})})).note).toContain('on the primary')
  })

  it('speaks the framework’s language, or plain words', async () => {
    const request: FixRequest = {
      kind: 'app',
      title: 'Keep connections open',
      by: {
        plain: {where: 'the application', lines: ['keep connections open']},
        django: {where: 'settings.py', lines: ["DATABASES['default']['CONN_MAX_AGE'] = 600"], note: 'Restart it.'},
        rails: {where: 'config/database.yml', lines: ['pool: 5']},
      },
    }
    const marker = (...tables: string[]) => ({
      markers: tables.map(table => ({schema: 'public', table})),
      djangoModels: [],
    })
    const django = await fixOf(request, {application: marker('django_migrations')})
    expect(django.steps).toMatchObject([{text: 'In settings.py', language: 'python'}])
    expect(django.note).toBe('Restart it.')
    const rails = await fixOf(request, {application: marker('schema_migrations', 'ar_internal_metadata')})
    expect(rails.steps).toMatchObject([{language: 'text', lines: ['pool: 5']}])
    for (const application of [marker('schema_migrations'), marker('knex_migrations')]) {
      expect((await fixOf(request, {application})).steps[0]?.lines).toEqual(['keep connections open'])
    }
    expect((await fixOf(request)).steps[0]?.lines).toEqual(['keep connections open'])
  })

  it('passes an action’s steps on as text', async () => {
    const fix = await fixOf({kind: 'action', title: 'Wait', steps: ['come back in an hour', 'run it again']})
    expect(fix.steps.map(step => step.text)).toEqual(['come back in an hour', 'run it again'])
  })
})
