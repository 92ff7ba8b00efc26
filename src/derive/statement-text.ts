const FIRST_WORD = /^[\s(]*([A-Za-z]+)/

const firstWord = (sql: string) => FIRST_WORD.exec(sql)?.[1]?.toUpperCase() ?? ''

const DATA = new Set(['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'MERGE', 'WITH', 'VALUES', 'TABLE'])

/** A statement with a plan of its own: neither VACUUM, COPY, CREATE nor any other utility. */
export const hasPlan = (sql: string): boolean => DATA.has(firstWord(sql))

/** Judged by its first word, or by any word behind WITH. */
export const isWrite = (sql: string): boolean =>
  /^(?:INSERT|UPDATE|DELETE|MERGE)$/.test(firstWord(sql)) ||
  (firstWord(sql) === 'WITH' && /\b(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM|MERGE\s+INTO)\b/i.test(sql))

/** Functions that wait or copy by design: their time says nothing about the server. */
const WAITS =
  /\bpg_(?:sleep(?:_for|_until)?|(?:try_)?advisory_\w*lock\w*|logical_slot_(?:get|peek)\w*|(?:start|stop)_backup|backup_(?:start|stop)|switch_wal|wal_replay_wait)\s*\(/i

export const waitsByDesign = (sql: string): boolean => WAITS.test(sql)

const ROOM_FOR_MARK = 4

/** On one line, cut between two tokens where it is longer than `limit` characters. */
export function shorten(sql: string, limit: number): string {
  const line = sql.replaceAll(/\s+/g, ' ').trim()
  if (line.length <= limit) return line
  const start = line.slice(0, limit - ROOM_FOR_MARK)
  const end = start.lastIndexOf(' ')
  return `${end > 0 ? start.slice(0, end) : start} ...`
}

/** How many parameters ($1, $2, ...) it takes: the highest number. */
export const parameterCount = (sql: string): number =>
  Math.max(0, ...[...sql.matchAll(/\$(\d{1,5})/g)].map(match => Number(match[1])))

/** EXPLAIN (GENERIC_PLAN) plans a statement without values for its parameters. */
const GENERIC_PLAN = 160000

/** What to type to see a statement's plan; nothing is executed. `sql` null: to be filled in. */
export function explainLines(sql: string | null, versionNum: number): string[] {
  const text = sql?.replace(/[;\s]+$/, '') ?? '<the statement>'
  const parameters = parameterCount(text)
  if (versionNum >= GENERIC_PLAN) return [`EXPLAIN (GENERIC_PLAN) ${text};`]
  if (sql !== null && parameters === 0) return [`EXPLAIN ${text};`]
  const nulls = parameters === 0 ? 'NULL, ...' : Array(parameters).fill('NULL').join(', ')
  return [
    `PREPARE slow AS ${text};`,
    'SET plan_cache_mode = force_generic_plan;',
    `EXPLAIN EXECUTE slow(${nulls});`,
    'RESET plan_cache_mode;',
    'DEALLOCATE slow;',
  ]
}
