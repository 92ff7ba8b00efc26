import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, describe, expect, test} from 'vitest'
import {parse} from 'yaml'
import {configTemplate} from '../src/config/template.js'
import {DEFAULTS, loadConfig} from '../src/config.js'
import {CliError, EXIT} from '../src/errors.js'
import {defineRule, type OptionSpecs, type Rule} from '../src/rule.js'

const folder = mkdtempSync(join(tmpdir(), 'ahsp-db-config-'))
afterAll(() => rmSync(folder, {recursive: true}))

const rule = (id: string, options: OptionSpecs = {}) =>
  defineRule({
    id,
    category: id.split('/')[0] as Rule['category'],
    title: id,
    needs: [],
    options,
    severity: {},
    why: '',
    references: [],
    check: () => ({summary: '', findings: []}),
  }) as unknown as Rule

const rules = [
  rule('connections/exhaustion', {
    warnAt: {default: 70, unit: 'percent', help: 'share'},
    age: {default: 300, unit: 'seconds', help: 'age'},
    size: {default: 1024, unit: 'bytes', help: 'size'},
    schemas: {default: ['public'], unit: 'names', help: 'schemas'},
  }),
  rule('indexes/unused'),
  rule('observability/short-window'),
  rule('queries/slow'),
]
const ENV = {DATABASE_URL: 'postgres://app:s3cret@db/shop', HOST: 'db'}

/** As `ahsp-db.yaml` in the current folder would be; the folder is cut off the messages. */
async function load(text: string | Buffer, options?: Parameters<typeof loadConfig>[3]) {
  const path = join(folder, 'ahsp-db.yaml')
  writeFileSync(path, text)
  return loadConfig(path, rules, ENV, options)
}

async function failure(text: string | Buffer): Promise<string> {
  try {
    await load(text)
  } catch (error) {
    expect(error).toBeInstanceOf(CliError)
    expect(error).toMatchObject({code: 'CONFIG', exit: EXIT.usage})
    return (error as CliError).line.replaceAll(`${folder}/`, '')
  }
  throw new Error('no error')
}

test('without a file: the defaults', async () => {
  expect(await loadConfig(undefined, rules, {})).toEqual(DEFAULTS)
})

test('every key', async () => {
  const text = `
connection: \${DATABASE_URL}
load: {users: 100}
app: {instances: 2, workers: 4, threads: 2, poolSize: 10}
hardware: {ram: 16GB, cpus: 4, storage: ssd}
platform: debian
failOn: medium
only: [connections, queries/slow]
skip: [observability/short-window]
rules: {connections/exhaustion: {warnAt: 80%, age: 5min, size: 256MB, schemas: [shop]}}
severities: {queries/slow: low}
phases: {medium: {users: 60, success: 99%, errors: 1, p95: 1s}, stress: {}}
ignore:
  - {rule: indexes/unused, subject: '"public"."orders_note_idx"', reason: monthly report uses it, until: 2027-03-01}
`
  expect(await load(text)).toEqual({
    file: join(folder, 'ahsp-db.yaml'),
    connection: 'postgres://app:s3cret@db/shop',
    users: 100,
    app: {instances: 2, workers: 4, threads: 2, poolSize: 10},
    ramBytes: 17179869184,
    cpus: 4,
    storage: 'ssd',
    platform: 'debian',
    failOn: 'medium',
    only: ['connections', 'queries/slow'],
    skip: ['observability/short-window'],
    rules: {'connections/exhaustion': {warnAt: 80, age: 300, size: 268435456, schemas: ['shop']}},
    severities: {'queries/slow': 'low'},
    phases: {medium: {users: 60, success: 99, errors: 1, p95: 1000}, stress: {}},
    ignore: [
      {
        rule: 'indexes/unused',
        subject: '"public"."orders_note_idx"',
        reason: 'monthly report uses it',
        until: '2027-03-01',
      },
    ],
  })
})

describe('targets', () => {
  test('with their place, and what they say of their own', async () => {
    const {targets, users} = await load(
      [
        'load: {users: 100}',
        'targets:',
        '  - name: shop',
        `    connection: $${'{'}NOT_SET}`,
        '    tags: [production, eu]',
        '    load: {users: 300}',
        `    pgbouncer: {consoles: ["host=$${'{'}NOT_SET}"]}`,
        '    ignore: [{rule: queries/slow, subject: x, reason: known}]',
        '  - {name: wiki, connection: dbname=wiki}',
      ].join('\n'),
    )
    expect(users).toBe(100)
    expect(targets).toEqual([
      {
        name: 'shop',
        connection: `$${'{'}NOT_SET}`,
        place: `${join(folder, 'ahsp-db.yaml')}:4:17`,
        tags: ['production', 'eu'],
        overrides: {
          users: 300,
          pgbouncer: [`host=$${'{'}NOT_SET}`],
          ignore: [{rule: 'queries/slow', subject: 'x', reason: 'known'}],
        },
      },
      {
        name: 'wiki',
        connection: 'dbname=wiki',
        place: `${join(folder, 'ahsp-db.yaml')}:9:30`,
        tags: [],
        overrides: {},
      },
    ])
  })

  test('variables are expanded where they are for the whole file, and nowhere else', async () => {
    expect(await failure(`targets: [{name: a, connection: x, tags: ['$${'{'}HOST}']}]`)).toContain('write the value')
    expect(await failure(`targets: [{name: a, connection: x, app: {connection: '$${'{'}HOST}'}}]`)).toContain(
      'variables are expanded in connection',
    )
  })
})

test('an empty file is a file without settings', async () => {
  expect(await load('# nothing yet\n')).toEqual({...DEFAULTS, file: join(folder, 'ahsp-db.yaml')})
})

test('app: what is left out is one', async () => {
  expect((await load('app: {workers: 4}')).app).toEqual({instances: 1, workers: 4, threads: 1})
})

test('connection stays as written for runs that connect elsewhere', async () => {
  const config = await load(`connection: $${'{'}NOT_SET}`, {connection: 'ignore'})
  expect(config.connection).toBe(`$${'{'}NOT_SET}`)
})

test('the defaults are not shared', async () => {
  const config = await loadConfig(undefined, rules, {})
  config.only.push('connections')
  expect((await loadConfig(undefined, rules, {})).only).toEqual([])
})

/** Blocks of `# name`, the text of the file, `=> ` and the exact error with its line and caret. */
const MISTAKES = readFileSync(new URL('config/mistakes.txt', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n\n')
  .map(block => /^# (.*)\n([\s\S]*)\n=> ([\s\S]*)$/.exec(block)!.slice(1) as [string, string, string])

describe('a mistake is told with its place', () => {
  test.each(MISTAKES)('%s', async (_, text, error) => {
    expect(await failure(text)).toBe(`error[CONFIG]: ahsp-db.yaml:${error}`)
  })

  test('after a tab the caret still stands below it', async () => {
    expect(await failure('only:\n- x\n-\ty')).toMatch(/\n {2}3 \| -\ty\n {4}\| {2}\t\^$/)
  })

  test('CRLF', async () => {
    expect(await failure('load: {users: 1}\r\nloda: {}\r\n')).toContain(
      '2:1: unknown key "loda" - did you mean load?\n  2 | loda: {}\n',
    )
  })

  test('control characters do not reach the terminal', async () => {
    expect(await failure('x\u0007y: 1\n')).toMatch(/unknown key "x\\u0007y" [^\n]*\n {2}1 \| x\?y: 1\n {4}\| \^\^\^$/)
  })

  test('of a very long line, the part around the mistake', async () => {
    const lines = (await failure(`only: [${'connections, '.repeat(100)}nope]`)).split('\n')
    expect(lines[1]!.length).toBeLessThan(140)
    expect(lines[1]!.slice(lines[2]!.indexOf('^'))).toBe('nope]')
  })

  test('several at once, in the order of the file', async () => {
    const lines = (await failure('skip: [x]\nload: {users: 0}\nfoo: 1')).split('\n')
    expect(lines.filter(line => line.startsWith('error')).map(line => line.slice(0, 33))).toEqual([
      'error[CONFIG]: ahsp-db.yaml:1:8: ',
      'error[CONFIG]: ahsp-db.yaml:2:15:',
      'error[CONFIG]: ahsp-db.yaml:3:1: ',
    ])
  })
})

describe('connection', () => {
  const secrets: [string, string][] = [
    ['unset variable', `connection: postgres://app:s3cret@$${'{'}NOPE}/x`],
    ['malformed variable', `connection: postgres://app:s3cret@$${'{'}HO ST}/x`],
    ['misspelt key', 'conection: postgres://app:s3cret@db/x'],
    ['no text', 'connection: [postgres://app:s3cret@db/x]'],
    ['mapping', 'connection:\n  password: s3cret'],
    ['broken YAML', 'connection: postgres://app:s3cret@db: x'],
    ['at the wrong key', 'only: postgres://app:s3cret@db/x'],
    ['list of conninfo', 'skip: [host=db password=s3cret]'],
    ['password key', 'password: s3cret'],
  ]
  test.each(secrets)('no password in the error: %s', async (_, text) => {
    expect(await failure(text)).not.toContain('s3cret')
  })

  test('an unset variable is named', async () => {
    expect(await failure(`connection: $${'{'}NOPE}`)).toBe(
      [
        'error[CONFIG]: ahsp-db.yaml:1:13: connection: the environment variable NOPE is not set - ' +
          'export NOPE, or give the connection on the command line',
        '  1 | connection: ***',
        '    |             ^^^',
      ].join('\n'),
    )
  })

  test('of a console: its place, and its own key', async () => {
    expect(await failure(`pgbouncer:\n  consoles: ["host=pooler", "password=$${'{'}NOPE}"]`)).toBe(
      [
        'error[CONFIG]: ahsp-db.yaml:2:29: pgbouncer.consoles: the environment variable NOPE is not set - ' +
          'export NOPE, or give the connection on the command line',
        '  2 |   consoles: ***',
        '    |                ^',
      ].join('\n'),
    )
  })

  test('in consoles, unless others are used', async () => {
    const text = `connection: $${'{'}NOPE}\npgbouncer: {consoles: ["host=$${'{'}HOST}"], processes: 2, openFiles: 1024}`
    const {pgbouncer, poolerProcesses, poolerOpenFiles} = await load(text, {connection: 'ignore', consoles: 'expand'})
    expect({pgbouncer, poolerProcesses, poolerOpenFiles}).toEqual({
      pgbouncer: ['host=db'],
      poolerProcesses: 2,
      poolerOpenFiles: 1024,
    })
    const ignored = await load(`pgbouncer: {consoles: ["host=$${'{'}NOPE}"]}`, {consoles: 'ignore'})
    expect(ignored.pgbouncer).toEqual([`host=$${'{'}NOPE}`])
  })

  test('variables inside a text', async () => {
    expect((await load(`connection: host=$${'{'}HOST} dbname=shop`)).connection).toBe('host=db dbname=shop')
  })
})

describe('a file that cannot be read', () => {
  const path = join(folder, 'other.yaml')
  test('named, but absent', async () => {
    await expect(loadConfig(path, rules, {})).rejects.toMatchObject({
      line: `error[CONFIG]: cannot read ${path}: no such file - check the path, or write one with ahsp-db init`,
    })
  })
  test('a folder', async () => {
    await expect(loadConfig(folder, rules, {})).rejects.toMatchObject({
      message: `cannot read ${folder}: it is a directory`,
    })
  })
  test('not UTF-8', async () => {
    expect(await failure(Buffer.from([0x6c, 0xff, 0xfe]))).toBe(
      'error[CONFIG]: cannot read ahsp-db.yaml: it is not UTF-8 - save it as UTF-8',
    )
  })
  test('too large', async () => {
    expect(await failure('#'.repeat(300_000))).toContain('300000 bytes, at most 262144 are read')
  })
  test('nested without end', async () => {
    expect(await failure('['.repeat(20_000))).toContain('nested too deeply - is this the right file?')
  })
  test('an alias bomb is refused before it expands', async () => {
    const levels = Array.from({length: 30}, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}, *a${i}, *a${i}]`)
    expect(await failure(['a0: &a0 [x]', ...levels].join('\n'))).toContain('alias *a0 is not supported')
  })
})

describe('the commented file', () => {
  test('is valid as it is, and changes nothing', async () => {
    expect(await load(configTemplate(rules))).toEqual({...DEFAULTS, file: join(folder, 'ahsp-db.yaml')})
  })
  test('is valid with every comment sign removed', async () => {
    const uncommented = configTemplate(rules)
      .replaceAll(/^#(?! )/gm, '')
      .replaceAll(/^#(?= {2,}\S)/gm, '')
    expect(Object.keys(parse(uncommented)).length).toBe(15)
    const config = await load(uncommented)
    expect(config).toMatchObject({users: 100, ramBytes: 17179869184, failOn: 'high', connection: ENV.DATABASE_URL})
    expect(config.ignore).toHaveLength(1)
  })
  test('fits 80 columns', () => {
    for (const line of configTemplate(rules).split('\n')) expect(line.length).toBeLessThanOrEqual(80)
  })
})
