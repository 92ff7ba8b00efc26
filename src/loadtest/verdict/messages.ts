import type {CauseId} from './types.js'

/** What a message of PostgreSQL or PgBouncer means, wherever it turns up: in a client's error or in a refusal. */
export type Meaning = {
  what: string
  cause: CauseId | null
  /** false: the database said it, but about what the application asked for */
  isDatabase: boolean
  /** a statement or lock timeout, or a deadlock: none may have happened before the next step */
  isTimeout?: boolean
}

type Known = Meaning & {pattern: RegExp; states: string[]}

const KNOWN: Known[] = [
  {
    what: 'the server refused a connection: too many clients',
    cause: 'CONNECTIONS_EXHAUSTED',
    isDatabase: true,
    pattern:
      /too many clients already|remaining connection slots are reserved|too many connections for (role|database)/i,
    states: ['53300'],
  },
  {
    what: 'PgBouncer refused a client: max_client_conn',
    cause: 'CLIENT_LIMIT',
    isDatabase: true,
    pattern: /no more connections allowed/i,
    states: [],
  },
  {
    what: 'PgBouncer gave up waiting for a server connection: query_wait_timeout',
    cause: 'POOL_STARVED',
    isDatabase: true,
    pattern: /query_wait_timeout/i,
    states: [],
  },
  {
    what: 'a deadlock',
    cause: 'LOCKS',
    isDatabase: true,
    isTimeout: true,
    pattern: /deadlock detected/i,
    states: ['40P01'],
  },
  {
    what: 'a lock timeout',
    cause: 'LOCKS',
    isDatabase: true,
    isTimeout: true,
    pattern: /canceling statement due to lock timeout|could not obtain lock on/i,
    states: ['55P03'],
  },
  {
    what: 'the server ended a transaction that sat idle',
    cause: 'LONG_TRANSACTIONS',
    isDatabase: true,
    isTimeout: true,
    pattern: /idle[- ]in[- ]transaction( session)? timeout|idle_transaction_timeout/i,
    states: ['25P03'],
  },
  {
    what: 'a statement timeout',
    cause: null,
    isDatabase: true,
    isTimeout: true,
    pattern: /canceling statement due to (statement timeout|user request)|query_timeout/i,
    states: ['57014'],
  },
  {
    what: 'the server was stopped or restarted',
    cause: null,
    isDatabase: true,
    pattern:
      /the database system is (starting up|shutting down|in recovery mode)|terminating connection due to administrator command|server closed the connection unexpectedly/i,
    states: ['57P01', '57P02', '57P03'],
  },
  {
    what: 'the server could not be reached',
    cause: null,
    isDatabase: true,
    pattern:
      /connection to server at .{1,200} failed|could not connect to server|server_login_retry|server login has been failing/i,
    states: ['08001', '08006'],
  },
  {
    what: 'the database refused what the application sent: its code, or its migrations',
    cause: null,
    isDatabase: false,
    pattern:
      /violates (unique|foreign key|not-null|check|exclusion) constraint|(relation|column) ".{1,200}" (of relation .{1,200} )?does not exist|syntax error at or near|invalid input syntax for type/i,
    states: ['23505', '23503', '23502', '42P01', '42703', '42601', '22P02'],
  },
]

/** Null: no message of the database. A bare number is none: it counts as SQLSTATE only where it is called one. */
export function meaningOf(text: string, sqlstate: string | null = null): Meaning | null {
  const state = sqlstate ?? /\b(?:sqlstate|code)\W{1,4}([0-9A-Z]{5})\b/i.exec(text)?.[1]?.toUpperCase() ?? null
  return KNOWN.find(({pattern, states}) => pattern.test(text) || (state !== null && states.includes(state))) ?? null
}

/** The application's own answer (4xx but for 408 and 429), which no database gives. */
export const isClientError = (error: string): string | null =>
  /\b(?:HTTP|status|HTTPError|error|code)\W{1,3}(?:code\W{1,3})?(4(?!08|29)\d\d)\b/i.exec(error)?.[1] ?? null

/** The client or a proxy gave up waiting. */
export const isClientTimeout = (error: string): boolean =>
  /\b(408|504)\b|timed? ?out|timeout|deadline exceeded/i.test(error)
