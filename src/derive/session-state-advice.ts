import type {AppLines, FixRequest} from '../rule.js'
import {quoteIdent} from '../sql/quote.js'
import type {Feature} from './session-features.js'

/** The same within a transaction, kind by kind. */
export function withoutSessionState(features: Feature[], role: string, note: string): FixRequest[] {
  const kinds = new Set(features.map(({kind}) => kind))
  const parameter = features.find(({kind}) => kind === 'set')?.label.slice('SET '.length)
  return [
    ...(parameter === undefined ? [] : [setLocal(parameter, role, note)]),
    ...(kinds.has('advisory-lock') ? [advisoryLock(note)] : []),
    ...(kinds.has('temporary') ? [temporary(note)] : []),
    ...(kinds.has('listen') ? [listen(note)] : []),
  ]
}

const app = (title: string, note: string, django: string[], plain: AppLines): FixRequest => ({
  kind: 'app',
  title,
  note,
  by: {
    django: {where: 'the code (.py)', lines: ['with transaction.atomic(), connection.cursor() as cursor:', ...django]},
    plain,
  },
})

const code = (...lines: string[]): AppLines => ({where: 'the application', lines})

const setLocal = (parameter: string, role: string, note: string) =>
  app(
    'Set it for the transaction, not for the session',
    `What is the same for every client belongs to the role: ALTER ROLE ${quoteIdent(role)} SET ${parameter} = ... ${note}`,
    [`    cursor.execute('SET LOCAL ${parameter} = %s', [value])`],
    code('BEGIN;', `SET LOCAL ${parameter} = ...;`, '-- the statements that it is for', 'COMMIT;'),
  )

const advisoryLock = (note: string) =>
  app(
    'Lock for the transaction, not for the session',
    `The lock ends with the transaction by itself: remove the unlock. ${note}`,
    ["    cursor.execute('SELECT pg_advisory_xact_lock(%s)', [key])"],
    code('BEGIN;', 'SELECT pg_advisory_xact_lock(...);', '-- what the lock is for', 'COMMIT;'),
  )

const temporary = (note: string) =>
  app(
    'Create, use and drop temporary tables in one transaction',
    note,
    ["    cursor.execute('CREATE TEMP TABLE work (...) ON COMMIT DROP')"],
    code('BEGIN;', 'CREATE TEMP TABLE work (...) ON COMMIT DROP;', '-- the statements that use it', 'COMMIT;'),
  )

const listen = (note: string): FixRequest => ({
  kind: 'app',
  title: 'Let listeners connect to PostgreSQL itself',
  note: `NOTIFY works through the pooler. ${note}`,
  by: {plain: code("One connection per listening process, to the server's own host and port")},
})
