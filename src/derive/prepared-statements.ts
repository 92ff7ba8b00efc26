import type {FixRequest} from '../rule.js'
import type {Application, Pooler} from '../snapshot.js'
import {RESET_NOTE, type RoleStatements, sumOfCalls} from './pooled-statements.js'
import {isDeallocate, isSqlPrepare} from './session-features.js'
import {hasPlan} from './statement-text.js'

type Limits = {minCalls: number; reused: number}
type Proof = {label: string; value: number; source: string}

/**
 * A statement that is planned less often than it is called was prepared by name (pg_stat_statements.track_planning); a
 * DEALLOCATE without a PREPARE in SQL belongs to a driver. `isRefuted`: the plans were counted, and each call had its own.
 */
export function preparedEvidence(
  {statements}: RoleStatements,
  {minCalls, reused}: Limits,
): {
  proof: Proof | null
  isRefuted: boolean
} {
  const planned = statements.filter(({text, calls, plans}) => hasPlan(text) && calls >= minCalls && (plans ?? 0) > 0)
  const kept = planned.filter(({calls, plans}) => (plans! / calls) * 100 < reused)
  if (kept.length > 0) {
    const label = 'statements called more often than they were planned'
    return {proof: {label, value: kept.length, source: 'pg_stat_statements.plans'}, isRefuted: false}
  }
  const freed = sumOfCalls(statements.filter(({text}) => isDeallocate(text)))
  const isDriver = freed >= minCalls && !statements.some(({text}) => isSqlPrepare(text))
  const proof = isDriver ? {label: 'calls of DEALLOCATE', value: freed, source: 'pg_stat_statements'} : null
  return {proof, isRefuted: planned.length > 0}
}

const BY_DEFAULT: {framework: string; table: string}[] = [
  {framework: 'Rails', table: 'ar_internal_metadata'},
  {framework: 'Prisma', table: '_prisma_migrations'},
]

/** A framework whose driver prepares unless told otherwise, by the table that only it creates. */
export const preparesByDefault = ({markers}: Application) =>
  BY_DEFAULT.find(({table}) => markers.some(marker => marker.table === table)) ?? null

/** Let the driver send statements without names. */
const noPreparing: FixRequest = {
  kind: 'app',
  title: 'Turn prepared statements off in the driver',
  note: RESET_NOTE,
  by: {
    django: {
      where: "settings.py, DATABASES['default']",
      lines: ["'OPTIONS': {'prepare_threshold': None},"],
      note: 'Of psycopg 3; psycopg2 prepares nothing by itself.',
    },
    rails: {where: 'config/database.yml', lines: ['prepared_statements: false']},
    prisma: {where: '.env', lines: ['DATABASE_URL="...?pgbouncer=true"']},
    plain: {
      where: 'the connection options of the driver',
      lines: [
        'asyncpg: statement_cache_size=0',
        'psycopg 3: prepare_threshold=None',
        'JDBC: prepareThreshold=0',
        'pgx: default_query_exec_mode=exec',
        'Npgsql: Max Auto Prepare=0',
        'node-postgres: queries without a name',
      ],
    },
  },
}

/** Follow the names in the pooler where it can, else do without them in the driver. */
export function keepPrepared(pooler: Pooler): FixRequest[] {
  const isKnown = pooler.config.some(({name}) => name === 'max_prepared_statements')
  const keep: FixRequest = isKnown
    ? {kind: 'pooler', pooler, name: 'max_prepared_statements', to: '200', reconnect: true}
    : {
        kind: 'action',
        title: 'Or update PgBouncer to 1.21 or later, and set max_prepared_statements = 200',
        steps: ['Update the package of PgBouncer; the clients are cut once, when it restarts'],
      }
  return isKnown ? [keep, noPreparing] : [noPreparing, keep]
}

/** What it is, and whether it could. */
export const versionEvidence = ({version, config}: Pooler) => [
  {label: 'PgBouncer', value: version, source: 'SHOW VERSION'},
  {
    label: 'max_prepared_statements',
    value: config.find(({name}) => name === 'max_prepared_statements')?.value ?? 'not known to this version',
    source: 'SHOW CONFIG',
  },
]
