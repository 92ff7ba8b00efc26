import {completeFix} from '../../src/fix/complete.js'
import {detectPlatform} from '../../src/fix/platform.js'
import type {Finding, Report, Result} from '../../src/report.js'
import type {FixRequest} from '../../src/rule.js'
import {DEBIAN, sections, server, setting} from '../fix/sections.js'

const CONF = '/etc/postgresql/15/main/postgresql.conf'
const all = sections({
  server: server(),
  application: {markers: [{schema: 'public', table: 'django_migrations'}], djangoModels: []},
  settings: [
    ...DEBIAN,
    setting('max_connections', '100', {source: 'configuration file', sourceFile: CONF, sourceLine: 65}),
    setting('statement_timeout', '0', {unit: 'ms', context: 'user'}),
  ],
})
const platform = detectPlatform(all)

/** A finding of `rule` with its fixes as the fix module completes them for a Debian cluster. */
export function finding(rule: string, part: Partial<Finding>, requests: FixRequest[] = []): Finding {
  return {
    rule,
    severity: 'high',
    subject: rule,
    title: rule,
    detail: '',
    evidence: [],
    confidence: 'measured',
    fingerprint: `${rule} ${part.subject ?? rule}`,
    ...part,
    fixes: requests.map(request => completeFix(request, rule, all, platform)),
  }
}

export function result(rule: string, part: Partial<Result>): Result {
  return {rule, title: rule, category: rule.split('/')[0]!, status: 'ok', summary: '', findings: [], ...part}
}

export function report(results: Result[], part: Partial<Report> = {}): Report {
  const findings = results.flatMap(({findings}) => findings)
  const of = (severity: string) => findings.filter(finding => finding.severity === severity).length
  const status = (wanted: string) => results.filter(({status}) => status === wanted).length
  return {
    format: 'ahsp-db/report',
    version: 1,
    tool: '0.1.0',
    target: {host: 'db.example.com', port: 5432, database: 'ahsp', user: 'app'},
    server: {
      version: '15.18',
      platform: platform.name,
      platformEvidence: platform.evidence,
      inRecovery: false,
    },
    poolers: [],
    collectedAt: 1_763_696_124,
    users: 100,
    statistics: {since: 1_763_422_524, seconds: 273_600},
    verdict: {
      ready: findings.length === 0,
      headline: 'NOT READY for 100 users: 1 high, 1 medium, 1 low; 1 ok; 1 cannot judge',
      counts: {
        critical: of('critical'),
        high: of('high'),
        medium: of('medium'),
        low: of('low'),
        info: of('info'),
        ok: status('ok'),
        skipped: status('skipped'),
        error: status('error'),
        ignored: 0,
      },
    },
    partial: false,
    warnings: [],
    results,
    ignored: [],
    ...part,
  }
}

/** One finding of every kind of fix, one ok and one skipped rule. */
export function sampleReport(): Report {
  const connections = finding(
    'connections/exhaustion',
    {
      subject: 'max_connections',
      title: 'max_connections = 100 is too low for 100 users',
      detail:
        'The application would need about 125 backends, and 97 are usable. No refused connection was seen, so this is what the users you named would need, not what was measured.',
      confidence: 'assumed',
      evidence: [
        {label: 'usable connections', value: 97, unit: 'count', source: 'pg_settings'},
        {label: 'demand', value: 125, unit: 'count', source: 'assumption: 1 backend per user + 25'},
      ],
    },
    [
      {kind: 'setting', name: 'max_connections', to: '200'},
      {
        kind: 'app',
        title: 'Keep connections open between requests',
        by: {
          plain: {where: 'the application', lines: ['keep connections open']},
          django: {where: 'settings.py', lines: ["DATABASES['default']['CONN_MAX_AGE'] = 600"]},
        },
      },
    ],
  )
  const index = finding(
    'indexes/foreign-key-unindexed',
    {
      severity: 'medium',
      subject: '"public"."detail_project_pekerjaan"',
      title: 'Foreign key "project_id" has no index',
      detail: 'Each delete of a project reads the whole table.',
      evidence: [{label: 'table size', value: 123_456_789, unit: 'bytes', source: 'pg_class'}],
    },
    [
      {
        kind: 'sql',
        title: 'Create the index',
        statements: [
          'CREATE INDEX CONCURRENTLY "detail_project_pekerjaan_project_id_idx" ON "public"."detail_project_pekerjaan" ("project_id")',
        ],
        undo: ['DROP INDEX CONCURRENTLY "public"."detail_project_pekerjaan_project_id_idx"'],
        lock: 'SHARE UPDATE EXCLUSIVE: reads and writes go on',
      },
    ],
  )
  const timeout = finding(
    'timeouts/statement',
    {
      severity: 'low',
      subject: 'statement_timeout',
      title: 'No statement timeout',
      detail: 'A hung query hangs for ever.',
    },
    [
      {kind: 'setting', name: 'statement_timeout', to: '30s'},
      {kind: 'action', title: 'Watch the log', steps: ['look for cancelled statements for a day']},
    ],
  )
  return report([
    result('connections/exhaustion', {status: 'found', findings: [connections]}),
    result('indexes/foreign-key-unindexed', {status: 'found', findings: [index]}),
    result('timeouts/statement', {status: 'found', findings: [timeout]}),
    result('queries/slow', {
      status: 'skipped',
      summary: 'the texts of the statements are hidden',
      cure: 'GRANT pg_monitor TO "app";',
    }),
    result('connections/saturation', {summary: '12 of 97 usable connections in use'}),
  ])
}
