import type {Pooler, Section, SectionName, Sections, Snapshot, Window} from './snapshot.js'

export const SEVERITIES = ['critical', 'high', 'medium', 'low', 'info'] as const
export type Severity = (typeof SEVERITIES)[number]

/** How sure the evidence makes us. An assumed finding is never critical (analyze.ts enforces it). */
export type Confidence = 'measured' | 'estimated' | 'assumed'

export type Evidence = {label: string; value: string | number; unit?: Unit; source: string}

export type Unit = 'bytes' | 'seconds' | 'milliseconds' | 'percent' | 'count' | 'per second'

/** `safe`: no judgement needed before applying. `review`: read the note and decide. */
export type Risk = 'safe' | 'review'

/**
 * What a rule asks for. fix/ turns it into lines for this very server (file, old value, apply command, undo),
 * so that a rule never has to know where a setting comes from.
 */
export type FixRequest =
  | {
      kind: 'setting'
      name: string
      to: string
      title?: string
      risk?: Risk
      note?: string
      role?: string
      database?: string
    }
  | {
      kind: 'pooler'
      /** which of the snapshot's poolers */
      pooler: Pick<Pooler, 'target'>
      name: string
      to: string
      /** in the line of this entry of [databases], where that sets it already; default: the general [pgbouncer] */
      database?: string
      title?: string
      risk?: Risk
      note?: string
      /** server connections must be renewed to see it (RECONNECT) */
      reconnect?: boolean
    }
  | {
      kind: 'sql'
      title: string
      statements: string[]
      undo: string[]
      lock: string
      risk?: Risk
      note?: string
      verify?: string[]
    }
  | {kind: 'app'; title: string; by: AppAdvice; risk?: Risk; note?: string}
  | {kind: 'action'; title: string; steps: ActionStep[]; risk?: Risk; note?: string}

/** A sentence, or one with lines to type below it. */
export type ActionStep =
  | string
  | {
      text: string
      lines: string[]
      language?: 'conf' | 'sql' | 'sh' | 'text'
      /** the place of a `conf` line, and the line as it stands there now */
      file?: string
      line?: number
      replaces?: string
    }

export const FRAMEWORKS = ['django', 'rails', 'prisma', 'sequelize', 'typeorm', 'knex'] as const
export type Framework = (typeof FRAMEWORKS)[number]

/** Advice in the application's own language; `plain` serves the frameworks that have none of their own. */
export type AppAdvice = {plain: AppLines} & Partial<Record<Framework, AppLines>>
export type AppLines = {where: string; lines: string[]; note?: string}

/** What a rule returns for one problem. */
export type FindingDraft = {
  severity: Severity
  /** Stable name of the thing: quoted schema-qualified object, setting, role. Ignores and diffs match on it. */
  subject: string
  title: string
  detail: string
  evidence: Evidence[]
  confidence: Confidence
  fixes: FixRequest[]
}

export type Verdict =
  /** `summary` says the value that was looked at: "max_connections = 200 is sufficient for 100 users". */
  | {summary: string; findings: FindingDraft[] /** what concerns the report as a whole */; warning?: string}
  /** The rule had its sections but still cannot judge (window too short, value unknown). */
  | {cannotJudge: string; cure?: string}

export type OptionUnit = 'percent' | 'seconds' | 'milliseconds' | 'bytes' | 'count' | 'ratio' | 'names'
export type OptionSpec<T extends number | string[] = number | string[]> = {default: T; unit: OptionUnit; help: string}
export type OptionSpecs = Record<string, OptionSpec>
export type OptionValues<O extends OptionSpecs> = {
  [K in keyof O]: O[K]['default'] extends number ? number : string[]
}

/** What the user told us: never measured, so findings built on it alone are `assumed` or `estimated`. */
export type Context = {
  users?: number
  /** users on the application while the snapshot was taken; scales what was observed */
  currentUsers?: number
  /** open files that a PgBouncer process may have (LimitNOFILE) */
  poolerOpenFiles?: number
  /** PgBouncer processes like the one that was read (so_reuseport); their pools add up. Default: the consoles given */
  poolerProcesses?: number
  /** seconds after which the web server gives up on a request */
  requestTimeout?: number
  app?: {instances: number; workers: number; threads: number; poolSize?: number}
  ramBytes?: number
  /** free on the disk that holds the data, when the snapshot was taken */
  diskFreeBytes?: number
  cpus?: number
  storage?: 'ssd' | 'hdd'
  /** an earlier snapshot to compare with (`check --baseline FILE`) */
  baseline?: {file: string; snapshot: Snapshot}
}

export const CATEGORIES = [
  'connections',
  'pooler',
  'sessions',
  'timeouts',
  'memory',
  'planner',
  'observability',
  'indexes',
  'tables',
  'vacuum',
  'wal',
  'replication',
  'schema',
  'queries',
  'safety',
  'security',
] as const
export type Category = (typeof CATEGORIES)[number]

export type Rule<
  N extends SectionName = SectionName,
  U extends SectionName = SectionName,
  O extends OptionSpecs = OptionSpecs,
> = {
  /** `category/name`, equal to the file's path below src/rules. */
  id: string
  title: string
  category: Category
  /** Sections without which nothing can be said: the rule is skipped with their reason and grant. */
  needs: readonly N[]
  /** Sections that sharpen the judgement; the rule copes when they are unavailable. */
  uses?: readonly U[]
  /** Settings the rule cannot do without; hidden ones (plain role) skip it with the grant. */
  settings?: readonly string[]
  options: O
  /** The severities it may report, each with the condition and the reason. */
  severity: Partial<Record<Severity, string>>
  /** Two sentences that a tired person understands. */
  why: string
  references: string[]
  /** public tools that look for the same, by their codes in scripts/peers.json; for docs/coverage.md */
  peers?: readonly string[]
  /** Only judged when the user gave this, or named the rule: to lack it is no lack of the server's. */
  asksFor?: 'baseline' | 'pooler'
  /** Whether `check` will call sql/parse.ts for these sections: the parser is only loaded for those who say so. */
  parses?(sections: RuleInput<N, U>): boolean
  check(
    sections: RuleInput<N, U>,
    options: OptionValues<O>,
    context: Context,
    /** the counters some seconds before the snapshot (`check --window`); null: they were read once */
    window?: Window | null,
  ): Verdict
}

/** What a rule gets: its needs as data, what it uses as sections that may be unavailable. */
export type RuleInput<N extends SectionName, U extends SectionName> = Pick<Sections, N> & {
  [K in U]: Section<Sections[K]>
}

/** Identity with types: the whole contract of a rule file is `export default defineRule({...})`. */
export function defineRule<
  const N extends SectionName,
  const O extends OptionSpecs,
  const U extends SectionName = never,
>(rule: Rule<N, U, O>): Rule<N, U, O> {
  return rule
}
