import {expect, it} from 'vitest'
import type {Context} from '../../src/rule.js'
import rule from '../../src/rules/safety/disk-growth.js'
import type {Snapshot} from '../../src/snapshot.js'

const NOW = 1_800_000_000
const DAY = 86_400
const GB = 1024 ** 3
const OPTIONS = Object.fromEntries(
  Object.entries(rule.options).map(([name, option]) => [name, option.default]),
) as Parameters<typeof rule.check>[1]

const server = {systemIdentifier: '1', database: 'app'}
const sections = (size: number, at: number) => ({
  server,
  databases: [{name: 'app', sizeBytes: size}],
  activity: {at, sessions: [], samples: []},
  tables: {ok: true, data: [{oid: 1, schema: 'public', name: 'log', bytes: size}]},
})
const ok = <T>(data: T) => ({ok: true, data})
const before = (size: number, ago: number, who = server) => ({
  file: 'before.json',
  snapshot: {
    collectedAt: NOW - ago,
    sections: {server: ok(who), databases: ok([{name: 'app', sizeBytes: size}]), tables: ok([])},
  } as unknown as Snapshot,
})
const judge = (size: number, context: Context) =>
  rule.check(sections(size, NOW) as never, OPTIONS, context) as {
    cannotJudge?: string
    findings?: {severity: string; confidence: string}[]
  }

it.each<[string, number, number | undefined, string[]]>([
  ['a gigabyte a day, 5 free', 11 * GB, 5 * GB, ['high estimated']],
  ['20 free', 11 * GB, 20 * GB, ['medium estimated']],
  ['60 free', 11 * GB, 60 * GB, ['low estimated']],
  ['200 free', 11 * GB, 200 * GB, []],
  ['shrunk', 9 * GB, 1 * GB, []],
])('%s', (_, size, diskFreeBytes, expected) => {
  const {findings} = judge(size, {baseline: before(10 * GB, DAY), diskFreeBytes})
  expect(findings!.map(({severity, confidence}) => `${severity} ${confidence}`)).toEqual(expected)
})

it("uses the target users' rate when it is the higher one", () => {
  const context = {baseline: before(10 * GB, DAY), diskFreeBytes: 60 * GB, currentUsers: 10, users: 100}
  expect(judge(11 * GB, context).findings).toMatchObject([{severity: 'high'}])
})

it.each<[string, Context, RegExp]>([
  ['free space not told', {baseline: before(10 * GB, DAY)}, /not known/],
  ['a young baseline', {baseline: before(10 * GB, 60), diskFreeBytes: GB}, /only 1 min/],
  [
    'another server',
    {baseline: before(10 * GB, DAY, {...server, systemIdentifier: '2'}), diskFreeBytes: GB},
    /another server/,
  ],
])('cannot judge: %s', (_, context, reason) => {
  expect(judge(11 * GB, context).cannotJudge).toMatch(reason)
})
