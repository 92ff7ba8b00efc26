import {beforeAll, describe, expect, it, test} from 'vitest'
import type {Context} from '../../src/rule.js'
import foreignKeyTypeMismatch from '../../src/rules/schema/foreign-key-type-mismatch.js'
import integerKeyExhaustion from '../../src/rules/schema/integer-key-exhaustion.js'
import jsonNotJsonb from '../../src/rules/schema/json-not-jsonb.js'
import noPrimaryKey from '../../src/rules/schema/no-primary-key.js'
import sequenceExhaustion from '../../src/rules/schema/sequence-exhaustion.js'
import unpartitionedAppendOnly from '../../src/rules/schema/unpartitioned-append-only.js'
import uuidAsText from '../../src/rules/schema/uuid-as-text.js'
import type {FedColumn, KeylessTable, QuestionableColumn, Sequence, Snapshot} from '../../src/snapshot.js'
import {loadParser} from '../../src/sql/parse.js'
import {foreignKey, statement, table} from './objects.js'
import {database, findingsOf, judge, NOW, ok, only, outcome, server} from './sections.js'

const DAY = 86_400
const INT = 2_147_483_647

const feeds = (part: Partial<FedColumn> = {}): FedColumn => ({
  tableOid: 1,
  schema: 'public',
  table: 'visits',
  column: 'id',
  type: 'integer',
  inserts: 0,
  ...part,
})
const sequence = (used: number | null, part: Partial<Sequence> = {}): Sequence => ({
  oid: 9,
  schema: 'public',
  name: 'visits_id_seq',
  dataType: 'bigint',
  isReadable: true,
  lastValue: used === null ? null : Math.round((INT * used) / 100),
  minValue: 1,
  maxValue: 2 ** 63,
  increment: 1,
  cycles: false,
  columns: [feeds()],
  ...part,
})
/** statistics of 30 days */
const counted = [database('ahsp', {statsReset: NOW - 30 * DAY})]
const rest = (used: number) => INT * (1 - used / 100)

describe('integer-key-exhaustion', () => {
  const check = (sequences: Sequence[], context: Context = {}, databases = counted) =>
    judge(integerKeyExhaustion, {sequences, databases}, {context})
  /** rows inserted in the 30 days so that the rest lasts for so many days */
  const lasting = (used: number, days: number) => [feeds({inserts: (rest(used) / days) * 30})]

  it.each<[string, Sequence, string[]]>([
    ['room enough', sequence(74), []],
    ['not used yet', sequence(null), []],
    ['three quarters', sequence(76, {columns: lasting(76, 400)}), ['medium']],
    ['nine tenths', sequence(91, {columns: lasting(91, 400)}), ['high']],
    ['nine tenths, nobody inserts', sequence(91), ['low']],
    ['it lasts for ten years', sequence(91, {columns: lasting(91, 3650)}), ['low']],
    ['it lasts for two months', sequence(60, {columns: lasting(60, 60)}), ['high']],
    ['it lasts for days', sequence(95, {columns: lasting(95, 5)}), ['critical']],
    ['used up', sequence(100, {columns: [feeds({inserts: 1})]}), ['critical']],
    ['used up, and nobody cares', sequence(100), ['high']],
    ['smallint', sequence(0, {lastValue: 30_000, columns: [feeds({type: 'smallint'})]}), ['low']],
    ['bigint column', sequence(99, {columns: [feeds({type: 'bigint'})]}), []],
    ['starts over', sequence(99, {cycles: true}), []],
    ['serial: both end together', sequence(91, {dataType: 'integer', maxValue: INT}), ['low']],
    ['the sequence ends first', sequence(99, {maxValue: INT - 1}), []],
  ])('%s', (_, each, expected) => {
    expect(outcome(check([each])).map(text => text.split(' ')[0])).toEqual(expected)
  })

  it('takes a restored dump for no rate', () => {
    const loaded = [database('ahsp', {statsReset: NOW - DAY})]
    const restored = sequence(40, {columns: [feeds({inserts: INT * 0.4})]})
    expect(outcome(check([restored], {}, loaded))).toEqual([])
  })
  it('knows no rate from statistics of minutes', () => {
    const young = [database('ahsp', {statsReset: NOW - 60})]
    expect(outcome(check([sequence(76, {columns: [feeds({inserts: 50})]})], {}, young))).toEqual([
      'medium "public"."visits" ("id")',
    ])
  })
  it('knows no rate on a standby', () => {
    const standby = {server: server({inRecovery: true}), sequences: [sequence(91)], databases: counted}
    expect(outcome(judge(integerKeyExhaustion, standby))).toEqual(['high "public"."visits" ("id")'])
  })
  it('is critical only by a measured rate', () => {
    const never = [database('ahsp', {statsReset: null})]
    const finding = only(check([sequence(99.9, {columns: [feeds({inserts: rest(99.9) / 3})]})], {}, never))
    expect(finding).toMatchObject({severity: 'high', confidence: 'estimated'})
  })
  it('measures between a baseline and now', () => {
    const earlier = sequence(90, {lastValue: INT - 3e6})
    const snapshot = {collectedAt: NOW - DAY, sections: {sequences: ok([earlier])}} as unknown as Snapshot
    const context = {baseline: {file: 'before.json', snapshot}}
    expect(only(check([sequence(0, {lastValue: INT - 2e6})], context))).toMatchObject({
      severity: 'critical',
      confidence: 'measured',
    })
    const reset = sequence(0, {lastValue: 5})
    expect(outcome(check([reset], context))).toEqual([])
  })
  it('says when it ends with the users of the target', () => {
    const {detail} = only(check([sequence(76, {columns: lasting(76, 400)})], {users: 100, currentUsers: 10}))
    expect(detail).toContain("With the target's users it ends in 40 days")
  })
  it('widens what refers to the key too', () => {
    const refers = foreignKey([3], {
      referencedOid: 1,
      referencedColumnNames: ['id'],
      columnTypes: ['integer'],
      referencedColumnTypes: ['integer'],
    })
    const verdict = judge(integerKeyExhaustion, {
      sequences: [sequence(91)],
      databases: counted,
      foreignKeys: ok([refers, {...refers, parentOid: 7}]),
    })
    expect(only(verdict).fixes[0]).toMatchObject({
      statements: [
        'ALTER TABLE "public"."visits" ALTER COLUMN "id" TYPE bigint',
        'ALTER TABLE "public"."child" ALTER COLUMN "c3" TYPE bigint',
      ],
    })
  })
  it('cannot judge what it may not read, but reports what it may', () => {
    const hidden = sequence(null, {isReadable: false, schema: 'shop'})
    expect(check([hidden])).toMatchObject({cure: 'GRANT SELECT ON ALL SEQUENCES IN SCHEMA "shop" TO "me";'})
    expect(outcome(check([hidden, sequence(91)]))).toHaveLength(1)
  })
})

describe('sequence-exhaustion', () => {
  const check = (each: Sequence) => judge(sequenceExhaustion, {sequences: [each], databases: counted})
  const wide = [feeds({type: 'bigint'})]
  const old = {dataType: 'integer', maxValue: INT}

  it.each<[string, Sequence, string[]]>([
    ['forgotten when the column became bigint', sequence(91, {...old, columns: wide}), ['low']],
    ['and the column is integer too', sequence(91, old), []],
    ['bigint', sequence(91, {columns: wide}), []],
    ['an end of its own', sequence(0, {lastValue: 95, maxValue: 100, columns: []}), ['medium']],
    [
      'counting down',
      sequence(0, {lastValue: -950, increment: -1, minValue: -1000, maxValue: -1, columns: []}),
      ['high'],
    ],
  ])('%s', (_, each, expected) => {
    const severities = outcome(check(each)).map(text => text.split(' ')[0])
    expect(severities.length).toBe(expected.length)
  })
  it('lets it go on to the end of bigint', () => {
    expect(only(check(sequence(91, {...old, columns: wide}))).fixes[0]).toMatchObject({
      statements: ['ALTER SEQUENCE "public"."visits_id_seq" AS bigint NO MAXVALUE'],
    })
  })
})

describe('no-primary-key', () => {
  const keyless = (part: Partial<KeylessTable>): KeylessTable => ({
    oid: 1,
    schema: 'public',
    name: 'log',
    kind: 'table',
    bytes: 1e6,
    rows: 5000,
    inserts: 5000,
    changes: 0,
    columnNames: ['id', 'what'],
    replicaIdentity: 'd',
    publishesChanges: false,
    uniqueIndex: null,
    ...part,
  })
  it.each<[string, Partial<KeylessTable>, string[]]>([
    ['a log', {}, ['info']],
    ['rows are changed', {changes: 1}, ['low']],
    ['a few rows', {rows: 999, changes: 1}, []],
    ['another unique key', {uniqueIndex: 'log_key', changes: 1}, []],
    ['published', {publishesChanges: true, rows: 5}, ['medium']],
    ['published, and updates were made', {publishesChanges: true, changes: 1, uniqueIndex: 'log_key'}, ['high']],
    ['published with whole rows', {publishesChanges: true, replicaIdentity: 'f', rows: 5}, []],
    ['published by an index', {publishesChanges: true, replicaIdentity: 'i', uniqueIndex: 'log_key'}, []],
  ])('%s', (_, part, expected) => {
    const verdict = judge(noPrimaryKey, {keylessTables: [keyless(part)]})
    expect(outcome(verdict).map(text => text.split(' ')[0])).toEqual(expected)
  })
  it('takes a name that is free for the new key', () => {
    const {fixes} = only(judge(noPrimaryKey, {keylessTables: [keyless({changes: 1})]}))
    expect(fixes[0]).toMatchObject({statements: [expect.stringContaining('ADD COLUMN "log_id" bigint')]})
  })
  it('names every table, so that each can be ignored by itself', () => {
    const keylessTables = Array.from({length: 40}, (_, n) => keyless({name: `t${n}`, changes: 1}))
    expect(findingsOf(judge(noPrimaryKey, {keylessTables}))).toHaveLength(40)
  })
})

describe('foreign-key-type-mismatch', () => {
  const check = (type: string, referenced: string, last: number | null = null) => {
    const key = foreignKey([1], {columnTypes: [type], referencedColumnTypes: [referenced]})
    const sequences = ok([
      sequence(0, {lastValue: last, columns: [feeds({tableOid: 2, column: 'k1', type: referenced})]}),
    ])
    return outcome(judge(foreignKeyTypeMismatch, {foreignKeys: [key], sequences})).map(text => text.split(' ')[0])
  }
  it.each<[string, string, number | null, string[]]>([
    ['bigint', 'bigint', null, []],
    ['integer', 'bigint', 1000, ['low']],
    ['integer', 'bigint', INT * 0.6, ['medium']],
    ['integer', 'bigint', INT * 0.8, ['high']],
    ['bigint', 'integer', null, []],
    ['text', 'character varying', null, []],
    ['numeric', 'integer', null, ['low']],
  ])('%s refers to %s', (type, referenced, last, expected) => {
    expect(check(type, referenced, last)).toEqual(expected)
  })
})

const column = (part: Partial<QuestionableColumn> = {}): QuestionableColumn => ({
  tableOid: 1,
  schema: 'public',
  table: 'uploads',
  name: 'token',
  type: 'text',
  hasDefault: false,
  averageWidth: 37,
  looksLikeUuid: true,
  hasTypedIndex: false,
  ...part,
})

describe('uuid-as-text', () => {
  const check = (columns: QuestionableColumn[], rows: number, hiddenSchemas: string[] = []) =>
    judge(uuidAsText, {
      server: server({versionNum: 180000}),
      questionableColumns: {columns, hiddenSchemas},
      tables: [table('uploads', {rowsEstimate: rows})],
      foreignKeys: [],
    })
  it('leaves small tables alone', () => expect(outcome(check([column()], 99_999))).toEqual([]))
  it('is measured by values and assumed by names', () => {
    expect(only(check([column()], 1e6)).confidence).toBe('measured')
    expect(only(check([column({looksLikeUuid: null})], 1e6)).confidence).toBe('assumed')
  })
  it('cannot judge by hidden values', () => expect(check([], 1e6, ['public'])).toHaveProperty('cannotJudge'))
  it.each([{hasDefault: true}, {hasTypedIndex: true}])('no single statement will do with %j', part => {
    expect(only(check([column(part)], 1e6)).fixes[0]!.kind).toBe('action')
  })
})

describe('json-not-jsonb', () => {
  beforeAll(loadParser)
  const check = (text: string, calls = 1000) =>
    outcome(
      judge(jsonNotJsonb, {
        questionableColumns: {columns: [column({type: 'json', name: 'payload'})], hiddenSchemas: []},
        statements: [statement('1', {calls})],
        statementTexts: [{queryid: '1', text, truncated: false}],
      }),
    )
  it.each<[string, number]>([
    [`SELECT id FROM uploads WHERE payload ->> $1 = $2`, 1],
    [`SELECT payload ->> $1 FROM uploads WHERE id = $2`, 0],
    [`SELECT id FROM other.uploads WHERE payload ->> $1 = $2`, 0],
    [`SELECT id FROM uploads WHERE note = 'payload`, 0],
  ])('%s', (text, findings) => expect(check(text)).toHaveLength(findings))
  it('is silent about rare searches', () =>
    expect(check('SELECT id FROM uploads WHERE payload ->> $1 = $2', 99)).toEqual([]))
})

test.each([
  ['large, only grows', {bytes: 20 * 1024 ** 3, inserts: 1e6}, 1],
  ['many rows', {liveRows: 2e8, inserts: 1e6, updates: 100}, 1],
  ['small', {inserts: 1e6}, 0],
  ['changed', {bytes: 20 * 1024 ** 3, inserts: 1e6, deletes: 1e5}, 0],
  ['idle', {bytes: 20 * 1024 ** 3}, 0],
  ['a partition', {bytes: 20 * 1024 ** 3, inserts: 1e6, isPartition: true}, 0],
])('unpartitioned-append-only: %s', (_, part, findings) => {
  expect(outcome(judge(unpartitionedAppendOnly, {tables: [table('audit', part)]}))).toHaveLength(findings)
})
