import type {Pooler} from '../snapshot.js'
import {type RoleStatements, sumOfCalls} from './pooled-statements.js'
import {poolerSetting} from './pooler.js'

/** What stays behind in a session, by the kind of statement that leaves it. */
export type Feature = {
  kind: 'set' | 'listen' | 'advisory-lock' | 'temporary'
  /** `SET search_path`, `LISTEN`, ... */
  label: string
  calls: number
  /** different statements: for SET before 18, different values */
  forms: number
}

const NAME = String.raw`"(?:[^"]|"")+"|[\w.$]+`
const SET = new RegExp(
  String.raw`^\s*SET\s+(?!LOCAL\b|TRANSACTION\b|CONSTRAINTS\b)(?:SESSION\s+(?!AUTHORIZATION\b|CHARACTERISTICS\b))?` +
    String.raw`(SESSION\s+AUTHORIZATION|SESSION\s+CHARACTERISTICS|TIME\s+ZONE|XML\s+OPTION|${NAME})`,
  'i',
)
const SYNONYMS: Record<string, string> = {
  'time zone': 'timezone',
  names: 'client_encoding',
  schema: 'search_path',
  'session characteristics': 'default_transaction_isolation',
  'xml option': 'xmloption',
}

/** Told by the server whenever they change, and so set again by PgBouncer for each client. */
const TRACKED = ['client_encoding', 'datestyle', 'timezone', 'standard_conforming_strings', 'application_name']

const LISTEN = /^\s*LISTEN\b/i
const ADVISORY = /\bpg_(?:try_)?advisory_lock(?:_shared)?\s*\(/i
const TEMPORARY = /^\s*(?:CREATE\s+(?:(?:GLOBAL|LOCAL)\s+)?TEMP(?:ORARY)?\s|SELECT\b[\s\S]*?\bINTO\s+TEMP(?:ORARY)?\s)/i
const ON_COMMIT_DROP = /\bON\s+COMMIT\s+DROP\b/i

/** The parameter that a SET leaves behind in its session, in lower case; null for every other statement. */
export function sessionParameter(sql: string): string | null {
  const name = SET.exec(sql)?.[1]?.toLowerCase().replace(/\s+/g, ' ').replaceAll('"', '')
  // The name becomes part of advice: what does not look like one is none.
  return name !== undefined && /^[\w.$ ]+$/.test(name) ? (SYNONYMS[name] ?? name) : null
}

/** What one role leaves in sessions that others get after it, most calls first; `harmless`: parameters to leave out. */
export function featuresOf({pooled, statements}: RoleStatements, harmless: readonly string[]): Feature[] {
  const skipped = new Set([...TRACKED, ...trackedExtra(pooled.pooler), ...harmless.map(name => name.toLowerCase())])
  const groups = new Map<string, {kind: Feature['kind']; of: RoleStatements['statements']}>()
  for (const statement of statements) {
    const found = classify(statement.text, skipped)
    if (!found) continue
    const group = groups.get(found.label) ?? {kind: found.kind, of: []}
    groups.set(found.label, {kind: found.kind, of: [...group.of, statement]})
  }
  return [...groups]
    .map(([label, {kind, of}]) => ({kind, label, calls: sumOfCalls(of), forms: of.length}))
    .sort((a, b) => b.calls - a.calls || (a.label < b.label ? -1 : 1))
}

function classify(sql: string, skipped: Set<string>): {kind: Feature['kind']; label: string} | null {
  const parameter = sessionParameter(sql)
  if (parameter !== null) return skipped.has(parameter) ? null : {kind: 'set', label: `SET ${parameter}`}
  if (LISTEN.test(sql)) return {kind: 'listen', label: 'LISTEN'}
  if (ADVISORY.test(sql)) return {kind: 'advisory-lock', label: 'pg_advisory_lock'}
  if (TEMPORARY.test(sql) && !ON_COMMIT_DROP.test(sql)) return {kind: 'temporary', label: 'CREATE TEMP'}
  return null
}

/** track_extra_parameters (1.20+) */
const trackedExtra = (pooler: Pooler): string[] =>
  (poolerSetting(pooler, 'track_extra_parameters') ?? '')
    .toLowerCase()
    .split(/[,\s]+/)
    .filter(Boolean)

export type Cursors = {
  /** declared to outlive their transaction, with their names */
  held: {calls: number; names: string[]}
  /** of those, declared without any FETCH by the same name */
  unread: number
  /** Django's, declared within a transaction */
  djangoInTransaction: number
}

const DECLARE = new RegExp(String.raw`^\s*DECLARE\s+(${NAME})\s[A-Z\s]*?\bCURSOR\b(\s+WITH\s+HOLD\b)?`, 'i')
const FETCH = new RegExp(String.raw`^\s*FETCH\b[\s\S]*?(${NAME})\s*;?\s*$`, 'i')
const DJANGO = /^_django_curs_/

const bare = (name: string) => (name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name.toLowerCase())

/** Cursors on the server; a DECLARE without HOLD only works in a transaction, where the pooler keeps the session. */
export function cursorsOf({statements}: RoleStatements): Cursors {
  const declared = statements.flatMap(({text, calls}) => {
    const match = DECLARE.exec(text)
    return match ? [{name: bare(match[1]!), calls, isHeld: match[2] !== undefined}] : []
  })
  const fetched = new Set(statements.flatMap(({text}) => bare(FETCH.exec(text)?.[1] ?? '')))
  const held = declared.filter(({isHeld}) => isHeld)
  return {
    held: {calls: sumOfCalls(held), names: [...new Set(held.map(({name}) => name))]},
    unread: sumOfCalls(held.filter(({name}) => !fetched.has(name))),
    djangoInTransaction: sumOfCalls(declared.filter(({name, isHeld}) => !isHeld && DJANGO.test(name))),
  }
}

export const isDjangoCursor = (name: string): boolean => DJANGO.test(name)

/** PREPARE and EXECUTE in SQL; pg_stat_statements counts the executions under the text of the PREPARE. */
export const isSqlPrepare = (sql: string): boolean => /^\s*PREPARE\s+(?!TRANSACTION\b)/i.test(sql)

/** Recorded from PostgreSQL 17 on, and without the name. */
export const isDeallocate = (sql: string): boolean => /^\s*DEALLOCATE\b/i.test(sql)
