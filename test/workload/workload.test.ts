import {describe, expect, it} from 'vitest'
import {workloadReport} from '../../src/workload/workload.js'
import {LIBRARY} from '../derive/n-plus-one/world.js'
import {foreignKey, index, table} from '../rules/objects.js'
import {hidden, NOW} from '../rules/sections.js'
import {type Given, judged, labels, reportOf, snapshotOf} from './workload.js'

const BOOKS = 'SELECT "book"."id", "book"."title", "book"."author_id" FROM "book" WHERE "book"."publisher_id" = $1'
const AUTHOR = 'SELECT "author"."id", "author"."name" FROM "author" WHERE "author"."id" = $1'
const LOOP: Given[] = [
  [BOOKS, {calls: 101, rows: 4087}],
  [AUTHOR, {calls: 4087, rows: 4087}],
]
const HEAVY = 'SELECT sum("price") FROM "review" WHERE "book_id" = $1'
const heavy = {calls: 5000, rows: 5000, meanMs: 50, sharedHit: 5000 * 2000}

describe('labels', () => {
  it('child and parent of a loop, by the finding', async () => {
    const report = await reportOf(LOOP, {sort: 'calls'})
    expect(labels(report)).toEqual(['N+1 child, 40 per page (queries/n-plus-one)', 'N+1 parent (queries/n-plus-one)'])
    expect(report.rows[0]!.labels[0]!.finding).toMatchObject({subject: '"public"."author" ("id")', severity: 'high'})
    expect(report.headline).toContain('98 % of all calls are one N+1 loop')
  })

  it('nothing where no finding says so: the same pair, called by itself', async () => {
    const report = await reportOf([LOOP[0]!, [AUTHOR, {calls: 3000, rows: 3000}]])
    expect(labels(report)).toEqual(['', ''])
  })

  it('a heavy aggregate that a cache could keep', async () => {
    const report = await reportOf([[HEAVY, heavy]])
    expect(labels(report)).toEqual(['cacheable aggregate (queries/cacheable), heavy aggregate (queries/slow)'])
    expect(report.rows[0]).toMatchObject({kind: 'aggregate', share: 100})
    expect(report.headline).toContain('100 % of the time goes into one aggregate that a cache could keep')
  })

  it('temporary files, and too many rows', async () => {
    const spill = {calls: 50, rows: 50 * 20_000, meanMs: 100, tempWritten: 50 * 10_000}
    const [labelled] = labels(await reportOf([['SELECT * FROM "book" ORDER BY "title"', spill]], {sort: 'temp'}))
    expect(labelled).toContain('temp spill (queries/temp-spill)')
    expect(labelled).toContain('too many rows (queries/too-many-rows)')
  })

  it('planning, when it is measured', async () => {
    const planned = {calls: 1000, meanMs: 1, plans: 1000, planMs: 20_000}
    const {settings} = snapshotOf([]).sections
    const track = {...(settings.ok && settings.data[0]!), name: 'pg_stat_statements.track_planning', value: 'on'}
    const given = {settings: [...(settings.ok ? settings.data : []), track]}
    expect(labels(await reportOf([[BOOKS, planned]], {sections: given}))).toEqual([
      'planning-heavy (queries/planning-heavy)',
    ])
  })
})

const REVIEWS = table('review', {oid: 1, pages: 1000, columnNames: ['id', 'book_id', 'text']})
const UNINDEXED = {
  tables: [REVIEWS, table('book', {oid: 2, columnNames: ['id']})],
  indexes: [
    index('review_pkey', [1], {tableOid: 1, table: 'review', keyNames: ['id'], isUnique: true, isPrimary: true}),
  ],
  foreignKeys: [foreignKey([2], {tableOid: 1, table: 'review', columnNames: ['book_id'], referencedTable: 'book'})],
}

describe('a missing index', () => {
  const blocks = (each: number) => ({calls: 100, rows: 100, sharedHit: 100 * each})
  it.each([
    ['chosen by the column, the whole table read', 'SELECT * FROM "review" WHERE "book_id" = $1', 1000, true],
    ['deleted by it', 'DELETE FROM "review" WHERE "book_id" IN ($1, $2)', 1000, true],
    ['chosen by another column', 'SELECT * FROM "review" WHERE "text" = $1', 1000, false],
    ['few blocks: something else found the rows', 'SELECT * FROM "review" WHERE "book_id" = $1', 5, false],
    ['only joined over it', 'SELECT * FROM review r JOIN book b ON r.book_id = b.id WHERE b.id > $1', 1000, false],
    ['another table', 'SELECT * FROM "book" WHERE "book_id" = $1', 1000, false],
  ])('%s: %s', async (_, sql, each, expected) => {
    const report = await reportOf([[sql, blocks(each)]], {sections: UNINDEXED})
    expect(labels(report)[0]!.includes('missing index (indexes/foreign-key-unindexed)')).toBe(expected)
  })
})

describe('sessions', () => {
  const stored = table('django_session', {oid: 9})
  const world = {
    sections: {
      tables: [stored],
      indexes: [index('k', [1], {tableOid: 9, table: 'django_session', keyNames: ['session_key'], isUnique: true})],
    },
  }
  const READ = 'SELECT * FROM "django_session" WHERE "session_key" = $1'
  const WRITE = 'UPDATE "django_session" SET "session_data" = $1 WHERE "session_key" = $2'

  it('a plain fact while the table is not hot, linked to its finding when it is', async () => {
    expect(
      labels(
        await reportOf(
          [
            [READ, {calls: 10}],
            [WRITE, {calls: 5}],
          ],
          world,
        ),
      ),
    ).toEqual(['session look-up', 'session write'])
    expect(
      labels(
        await reportOf(
          [
            [READ, {calls: 9000}],
            [WRITE, {calls: 5000}],
          ],
          world,
        ),
      ),
    ).toEqual(['session look-up (queries/session-table)', 'session write (queries/session-table)'])
  })
})

describe('families', () => {
  it('lists of different length are one row, users summed', async () => {
    const lists = [2, 5, 9].map(length => {
      const values = Array.from({length}, (_, at) => `$${at + 1}`).join(', ')
      return [`SELECT "id" FROM "book" WHERE "id" IN (${values})`, {calls: length, user: `u${length}`}] as Given
    })
    const report = await reportOf([...lists, ['SELECT "id" FROM "book" WHERE "id" IN ($1 /*, ... */)', {calls: 1}]])
    expect(report.rows).toHaveLength(1)
    expect(report.rows[0]).toMatchObject({members: 4, calls: 17, readable: 'SELECT id FROM book WHERE id IN (...)'})
    expect(report.rows[0]!.users.sort()).toEqual(['app', 'u2', 'u5', 'u9'])
    expect(report.totals.statements).toBe(4)
  })

  it('generated names, batches of rows, and roles; not one row and a batch, nor two tables', async () => {
    const report = await reportOf([
      ['SAVEPOINT "s139_x1"', {calls: 3}],
      ['SAVEPOINT "s140_x22"', {calls: 4}],
      ['INSERT INTO tag (id, name) VALUES ($1, $2)', {calls: 5}],
      ['INSERT INTO tag (id, name) VALUES ($1, $2), ($3, $4)', {calls: 6}],
      ['INSERT INTO tag (id, name) VALUES ($1, $2), ($3, $4), ($5, $6)', {calls: 7}],
      ['DELETE FROM book_1', {calls: 8}],
      ['DELETE FROM book_2', {calls: 9}],
    ])
    expect(report.rows.map(({members, calls}) => `${members} ${calls}`).sort()).toEqual(
      ['1 5', '1 8', '1 9', '2 13', '2 7'].sort(),
    )
  })

  it('a text that was cut off inside its list belongs to its like', async () => {
    const cut = (length: number) =>
      `SELECT id FROM book WHERE id IN (${Array.from({length}, (_, at) => `$${at + 1}`).join(', ')}, $`
    const report = await reportOf([[cut(50)], [cut(60)]], {truncated: [1, 2]})
    expect(report.rows.map(({members}) => members)).toEqual([2])
    expect(report.notes.join()).toContain('2 texts were too long and cut')
  })

  it('what monitoring asks is one row', async () => {
    const report = await reportOf([
      ['SELECT * FROM pg_catalog.pg_class WHERE oid = $1', {calls: 10}],
      ['SELECT count(*) FROM pg_stat_activity', {calls: 10}],
      ['SELECT count(*) FROM book', {calls: 10}],
    ])
    expect(report.rows.map(({kind, members}) => `${kind} ${members}`)).toEqual(['catalog 2', 'aggregate 1'])
  })

  it('one statement of several roles is one', async () => {
    const given: Given[] = [[BOOKS], [BOOKS]]
    const snapshot = snapshotOf(given)
    const {statements} = snapshot.sections
    if (statements.ok) Object.assign(statements.data[1]!, {queryid: '1', user: 'other'})
    const report = await workloadReport(snapshot, await judged(snapshot), {sort: 'time', top: 10})
    expect(report.rows).toMatchObject([{members: 1, calls: 2000, users: ['app', 'other']}])
  })
})

describe('shares and orders', () => {
  const GIVEN: Given[] = [
    ['SELECT * FROM book', {calls: 10, meanMs: 100, rows: 10, walBytes: 0}],
    ['SELECT * FROM tag', {calls: 90, meanMs: 1, rows: 900, walBytes: 0}],
    ['UPDATE tag SET name = $1', {calls: 1, meanMs: 500, rows: 90, tempWritten: 100, walBytes: 8192}],
  ]
  it.each([
    ['time', ['book', 'UPDATE', 'tag'], 62.9],
    ['calls', ['tag', 'book', 'UPDATE'], 89.1],
    ['mean', ['UPDATE', 'book', 'tag'], 100],
    ['temp', ['UPDATE', 'book', 'tag'], 100],
    ['wal', ['UPDATE', 'book', 'tag'], 100],
    ['rows', ['tag', 'UPDATE', 'book'], 90],
  ] as const)('by %s', async (sort, order, share) => {
    const {rows, notes} = await reportOf(GIVEN, {sort})
    expect(rows.map(row => (row.kind === 'write' ? 'UPDATE' : row.tables[0]))).toEqual(order)
    expect(rows[0]!.share).toBeCloseTo(share, 1)
    expect(rows.map(({timeShare}) => timeShare).reduce((a, b) => a + b)).toBeCloseTo(100)
    expect(notes.join()).not.toContain('WAL')
  })

  it('--top: the rest is counted', async () => {
    const {rows, rest, headline} = await reportOf(GIVEN, {top: 1})
    expect(rows).toHaveLength(1)
    expect(rest).toEqual({statements: 2, calls: 91, totalMs: 590})
    expect(headline).toMatch(/^3 statements took 1\.59 s in 101 calls, in the last 16 min 40 s\. The first takes 63 %/)
  })

  it('other databases and functions are not of this workload', async () => {
    const report = await reportOf([
      [BOOKS, {calls: 100, meanMs: 1}],
      [AUTHOR, {calls: 100, meanMs: 1, database: 'other'}],
      [HEAVY, {calls: 100, meanMs: 1, toplevel: false}],
    ])
    expect(report.totals).toEqual({statements: 1, calls: 100, totalMs: 100})
    expect(report.notes.join('\n')).toMatch(/50 % of the server's statement time is in other databases/)
    expect(report.notes.join('\n')).toMatch(/statements inside functions/)
  })

  it('nothing was counted: no shares of nothing', async () => {
    const report = await reportOf([])
    expect(report).toMatchObject({
      rows: [],
      headline: 'No statement was counted in this database in the last 16 min 40 s.',
    })
    expect(JSON.stringify(report)).not.toContain('null,"timeShare"')
  })
})

describe('while the server is watched', () => {
  const before = {at: NOW - 10, databases: [], checkpoints: null}
  const samples = {at: [NOW - 10, NOW - 5, NOW], wasReset: false}
  it('tells what runs now from history', async () => {
    const statements = [{queryid: '2', calls: [20, 30], rows: [200, 300]}]
    const window = {seconds: 10, before, statements: {...samples, statements}}
    const report = await reportOf(
      [
        [BOOKS, {calls: 100}],
        [AUTHOR, {calls: 50}],
      ],
      {window},
    )
    expect(report.window).toEqual({seconds: 10, callsPerSecond: 5})
    expect(report.rows.map(({now}) => now)).toEqual([
      {calls: 0, rows: 0},
      {calls: 5, rows: 50},
    ])
  })

  it.each([
    [{...samples, wasReset: true, statements: []}, 'counters were reset or evicted meanwhile: no rates'],
    [null, 'the statements were not watched: no rates'],
  ])('no rates, and why: %#', async (statements, text) => {
    const report = await reportOf([[BOOKS]], {window: {seconds: 10, before, statements}})
    expect(report.rows[0]!.now).toBeNull()
    expect(report.gaps.map(gap => gap.text)).toContain(text)
  })
})

describe('what is missing is said', () => {
  it.each([
    [{ok: false, reason: 'missing-extension', message: 'not created', grant: 'CREATE EXTENSION x;'}, 'not created'],
    [hidden, 'hidden'],
  ])('no statements: %#', async (statements, text) => {
    const report = await reportOf([], {sections: {statements}})
    expect(report.headline).toBe(`CANNOT SHOW the workload: ${text}`)
    expect(report.gaps).toEqual([{text, cure: (statements as {grant: string}).grant}])
  })

  it('no texts: the numbers remain', async () => {
    const report = await reportOf(LOOP, {sections: {statementTexts: hidden}})
    expect(report.rows.map(({kind, readable, queryids}) => [kind, readable, queryids])).toEqual([
      ['unknown', '', ['2']],
      ['unknown', '', ['1']],
    ])
    expect(report.gaps[0]).toEqual({text: 'no statement texts: hidden', cure: 'GRANT pg_monitor TO "me";'})
  })

  it('evictions, entries that were not read, texts that do not parse', async () => {
    const {statementsInfo} = snapshotOf([]).sections
    const info = {
      ...(statementsInfo.ok && statementsInfo.data),
      evictions: 12,
      entries: 5000,
      totalCalls: 4000,
      totalMs: 400,
    }
    const report = await reportOf([[BOOKS], ['SELECT FROM WHERE (']], {sections: {statementsInfo: info}})
    const notes = report.notes.join('\n')
    expect(notes).toContain('12 times entries were evicted: the totals are understated')
    expect(notes).toContain('2 of 5,000 entries were read')
    expect(notes).toContain('1 text did not parse (query 2)')
    expect(report.totals.calls).toBe(4000)
    expect(report.rows[0]!.share).toBeCloseTo(25)
  })

  it('rules that could not judge, with their cure; WAL that is not counted', async () => {
    const report = await reportOf([[BOOKS]], {sort: 'wal', sections: {foreignKeys: hidden}})
    expect(report.gaps).toContainEqual({
      text: expect.stringMatching(/^not judged: .*queries\/n-plus-one.*\(foreignKeys: hidden\)/),
      cure: 'GRANT pg_monitor TO "me";',
    })
    expect(report.notes.join()).toContain('does not count WAL')
  })
})

it('5000 statements in less than a second of processor time', async () => {
  const names = Object.keys(LIBRARY)
  const given = Array.from({length: 5000}, (_, at): Given => {
    const name = names[at % names.length]!
    return [
      `SELECT t.id, t.c${at}, u.x FROM ${name} t JOIN u${at} u ON u.id = t.id WHERE t.k${at} = $1`,
      {calls: at + 1},
    ]
  })
  const snapshot = snapshotOf(given)
  const report = await judged(snapshot)
  const start = process.cpuUsage()
  const workload = await workloadReport(snapshot, report, {sort: 'time', top: 10})
  const {user, system} = process.cpuUsage(start)
  expect((user + system) / 1e6).toBeLessThan(1)
  expect(workload.rows).toHaveLength(10)
})
