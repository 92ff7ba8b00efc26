import {analyze} from '../../src/analyze.js'
import type {Config} from '../../src/config.js'
import type {Report} from '../../src/report.js'
import {rules} from '../../src/rules/index.js'
import type {Snapshot, Statement} from '../../src/snapshot.js'
import {OTHER_RULES, WORKLOAD_RULES} from '../../src/workload/labels.js'
import type {Sort, WorkloadReport} from '../../src/workload/types.js'
import {workloadReport} from '../../src/workload/workload.js'
import {sectionsOf} from '../derive/n-plus-one/world.js'
import {sections} from '../fix/sections.js'
import {statement} from '../rules/objects.js'
import {database, NOW, setting} from '../rules/sections.js'

/** A statement with its text and numbers. */
export type Given = [sql: string, part?: Partial<Statement>]

type World = {
  sections?: Record<string, unknown>
  window?: Snapshot['window']
  truncated?: number[]
}

const SETTINGS = [setting('block_size', 8192), setting('work_mem', 4096, {unit: 'kB'})]

/** Sections that were read are given as data, those that were not as `{ok: false, ...}`. */
export function snapshotOf(given: Given[], {sections: more = {}, window = null, truncated = []}: World = {}): Snapshot {
  const base = sectionsOf([])
  const statements = given.map(([, part], at) => statement(String(at + 1), {meanMs: 0.1, ...part}))
  const sum = (of: (each: Statement) => number) => statements.reduce((all, each) => all + of(each), 0)
  const read = {
    ...base,
    settings: SETTINGS,
    databases: [database('ahsp', {statsReset: NOW - 1000})],
    indexes: base.indexes.ok ? base.indexes.data : [],
    blocking: [],
    partitionedTables: [],
    application: {markers: [], djangoModels: []},
    statements,
    statementTexts: given.map(([text], at) => ({
      queryid: statements[at]!.queryid!,
      text,
      truncated: truncated.includes(at + 1),
    })),
    statementsInfo: {
      ...base.statementsInfo,
      entries: given.length,
      totalCalls: sum(({calls}) => calls),
      totalMs: sum(({totalMs}) => totalMs),
    },
    ...more,
  }
  const isSection = (value: unknown) => (value as {ok?: boolean} | null)?.ok !== undefined
  const data = Object.entries(read).filter(([, value]) => !isSection(value))
  const others = Object.entries(read).filter(([, value]) => isSection(value))
  return {
    format: 'ahsp-db/snapshot',
    version: 1,
    tool: '0.1.0',
    target: {host: 'db.example', port: 5432, database: 'ahsp', user: 'app'},
    collectedAt: NOW,
    cutShortBy: null,
    warnings: [],
    window,
    sections: Object.assign(sections(Object.fromEntries(data)), Object.fromEntries(others)),
  }
}

const CONFIG = {
  only: WORKLOAD_RULES,
  skip: OTHER_RULES,
  ignore: [],
  rules: {},
  severities: {},
} as unknown as Config

export const judged = (snapshot: Snapshot): Promise<Report> =>
  analyze(snapshot, CONFIG, {}, rules as unknown as Parameters<typeof analyze>[3])

export async function reportOf(
  given: Given[],
  {sort = 'time', top = 10, ...world}: World & {sort?: Sort; top?: number} = {},
): Promise<WorkloadReport> {
  const snapshot = snapshotOf(given, world)
  return workloadReport(snapshot, await judged(snapshot), {sort, top})
}

/** The labels of each row, for a table of cases. */
export const labels = ({rows}: WorkloadReport): string[] =>
  rows.map(row => row.labels.map(({text, finding}) => (finding ? `${text} (${finding.rule})` : text)).join(', '))
