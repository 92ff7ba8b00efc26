import type {Context, OptionSpecs, Rule, Verdict} from '../../src/rule.js'
import type {
  Activity,
  BlockedSession,
  Database,
  Role,
  RoleSetting,
  Section,
  SectionName,
  Server,
  Session,
  Setting,
  Window,
} from '../../src/snapshot.js'

/** Sections made by hand, for the edges of a rule's judgement. The server's clock stands at NOW. */
export const NOW = 1_000_000

export const ok = <T>(data: T): Section<T> => ({ok: true, data})
export const hidden: Section<never> = {
  ok: false,
  reason: 'permission',
  message: 'hidden',
  grant: 'GRANT pg_monitor TO "me";',
}

type Input = {
  options?: Record<string, number | string[]>
  context?: Context
  window?: Window
}

/**
 * Runs a rule's judgement with its default options. Sections it needs are given as data, those it uses as sections
 * (`ok(data)`); the ones that are missing are hidden.
 */
export function judge(
  rule: unknown,
  sections: Record<string, unknown>,
  {options, context = {}, window}: Input = {},
): Verdict {
  // Every rule has sections of its own.
  const {uses = [], options: specs, check} = rule as Rule<SectionName, SectionName, OptionSpecs>
  const unavailable = Object.fromEntries(uses.map(name => [name, hidden]))
  const defaults = Object.fromEntries(Object.entries(specs).map(([name, spec]) => [name, spec.default]))
  const values = {...defaults, ...options} as Parameters<typeof check>[1]
  const given = {server: server(), ...unavailable, ...sections} as unknown as Parameters<typeof check>[0]
  return check(given, values, context, window)
}

/** `severity subject` of each finding, or why there is none: short enough for a table of cases. */
export function outcome(verdict: Verdict): string[] {
  if ('cannotJudge' in verdict) return ['cannot judge']
  return verdict.findings.map(({severity, subject}) => `${severity} ${subject}`)
}

/** All findings of a verdict; a rule that cannot judge fails the test. */
export function findingsOf(verdict: Verdict) {
  if ('cannotJudge' in verdict) throw new Error(JSON.stringify(verdict))
  return verdict.findings
}

/** The one finding of a verdict. */
export function only(verdict: Verdict) {
  if ('cannotJudge' in verdict || verdict.findings.length !== 1) throw new Error(JSON.stringify(verdict))
  return verdict.findings[0]!
}

export const server = (part: Partial<Server> = {}): Server => ({
  version: '18.1',
  versionNum: 180001,
  build: 'PostgreSQL 18.1',
  database: 'ahsp',
  user: 'me',
  backendPid: 1,
  isPooled: false,
  isSuperuser: false,
  memberOf: [],
  startedAt: NOW - 86_400,
  now: NOW,
  inRecovery: false,
  systemIdentifier: null,
  readsFileSettings: false,
  readsHbaRules: false,
  overTcp: true,
  encoding: 'UTF8',
  statementsExtension: null,
  platformEvidence: [],
  ...part,
})

export const setting = (name: string, value: number | string, part: Partial<Setting> = {}): Setting => ({
  name,
  value: String(value),
  unit: null,
  vartype: 'integer',
  context: 'user',
  source: 'configuration file',
  sourceFile: null,
  sourceLine: null,
  bootValue: null,
  resetValue: null,
  pendingRestart: false,
  ...part,
})

export const connectionSettings = (maxConnections: number, reserved = 3): Setting[] => [
  setting('max_connections', maxConnections),
  setting('superuser_reserved_connections', reserved),
]

export const session = (pid: number, part: Partial<Session> = {}): Session => ({
  pid,
  backendType: 'client backend',
  database: 'ahsp',
  user: 'app',
  application: 'gunicorn',
  clientAddr: '10.0.0.3',
  ssl: false,
  state: 'idle',
  waitEventType: null,
  waitEvent: null,
  backendStart: NOW - 3600,
  xactStart: null,
  queryStart: null,
  stateChange: null,
  xminAge: null,
  leaderPid: null,
  query: 'SELECT 1',
  ...part,
})

/** `clients`: what each look at the sessions counted; default: as many as there are, three times */
export function activity(sessions: Session[], clients?: number[]): Activity {
  const counts = clients ?? [sessions.length, sessions.length, sessions.length]
  const sample = {active: 0, idle: 0, idleInTransaction: 0, waitingForLock: 0}
  return {at: NOW, sessions, samples: counts.map((count, i) => ({...sample, at: NOW - i, clients: count}))}
}

export const database = (name: string, part: Partial<Database> = {}): Database => ({
  name,
  backends: 0,
  connectionLimit: -1,
  allowConnections: true,
  isTemplate: false,
  sizeBytes: null,
  commits: 0,
  rollbacks: 0,
  blocksRead: 0,
  blocksHit: 0,
  tempFiles: 0,
  tempBytes: 0,
  deadlocks: 0,
  sessionTimeMs: 0,
  activeTimeMs: 0,
  idleInTransactionTimeMs: 0,
  sessions: 0,
  sessionsAbandoned: 0,
  sessionsFatal: 0,
  sessionsKilled: 0,
  frozenXidAge: 0,
  multixactAge: 0,
  statsReset: null,
  ...part,
})

export const role = (name: string, part: Partial<Role> = {}): Role => ({
  name,
  canLogin: true,
  isSuperuser: false,
  isBootstrap: false,
  validUntil: null,
  connectionLimit: -1,
  connections: 0,
  ...part,
})

export const roleSetting = (
  role: string | null,
  database: string | null,
  name: string,
  value: string,
): RoleSetting => ({
  role,
  database,
  name,
  value,
})

export const blocked = (pid: number, blockedBy: number[], part: Partial<BlockedSession> = {}): BlockedSession => ({
  pid,
  blockedBy,
  blockers: blockedBy.map(each => ({pid: each, user: 'app', application: 'celery'})),
  waitedFor: 20,
  lockMode: 'ShareLock',
  relation: '"public"."dashboard_project"',
  ...part,
})
