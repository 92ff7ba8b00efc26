import {type ConnectKind, oneLine} from './error.js'
import {type ConnectionSettings, type Host, placeOf} from './settings.js'

export type ServerError = Error & {code?: string; routine?: string; severity?: string}
export type Explanation = [kind: ConnectKind, message: string, hint: string]

export const isServerError = (error: unknown): error is ServerError =>
  error instanceof Error && 'severity' in error && /^[0-9A-Z]{5}$/.test((error as ServerError).code ?? '')

type Matcher = {state: string; text?: RegExp; routine?: string; as: (facts: Facts) => Explanation}
type Facts = {place: string; said: string; user: string; database: string; source: string}

const quoted = (name: string) => `"${oneLine(name).replaceAll('"', '""')}"`

/** First match wins. Routines tell more than messages do: a server may speak any language. */
const SERVER_ERRORS: Matcher[] = [
  {
    state: '53300',
    routine: 'InitializeSessionUserId',
    as: ({place, user}) => [
      'role-limit',
      `${place}: the connection limit of role ${quoted(user)} is used up`,
      `raise it: ALTER ROLE ${quoted(user)} CONNECTION LIMIT n`,
    ],
  },
  {
    state: '53300',
    routine: 'CheckMyDatabase',
    as: ({place, database}) => [
      'database-limit',
      `${place}: the connection limit of database ${quoted(database)} is used up`,
      `raise it: ALTER DATABASE ${quoted(database)} CONNECTION LIMIT n`,
    ],
  },
  {state: '53300', as: facts => tooMany(facts)},
  {
    state: '08P01',
    text: /max_client_conn|no more connections allowed/i,
    as: ({place, said}) => [
      'too-many-clients',
      `${place} refuses new clients: ${said}`,
      "raise max_client_conn in pgbouncer.ini, or use the server's own port",
    ],
  },
  {
    state: '57P03',
    text: /shutting down/,
    as: ({place, said}) => ['shutting-down', `${place}: ${said}`, 'wait for the restart, or start the server'],
  },
  {
    state: '57P03',
    text: /recovery|hot standby/i,
    as: ({place, said}) => ['recovery', `${place}: ${said}`, 'wait until recovery has ended, or enable hot_standby'],
  },
  {state: '57P03', as: ({place, said}) => ['starting-up', `${place}: ${said}`, "wait, and read the server's log"]},
  {
    state: '28000',
    routine: 'ClientAuthentication',
    as: ({place, said}) => ['hba', `${place}: ${said}`, "add a line for this client to the server's pg_hba.conf"],
  },
  {
    state: '28000',
    routine: 'InitializeSessionUserId',
    as: ({place, said}) => ['no-role', `${place}: ${said}`, 'give the role with user=NAME, or let it log in'],
  },
  {
    state: '28P01',
    as: ({place, said, source}) => ['auth', `${place}: ${said} (password from: ${source})`, authHint(source)],
  },
  {
    state: '28000',
    text: /^peer /i,
    as: ({place, said, user}) => [
      'auth',
      `${place}: ${said}`,
      `run it as the operating-system user ${quoted(user)} (sudo -u), or connect over TCP with host=127.0.0.1`,
    ],
  },
  {
    state: '28000',
    as: ({place, said, source}) => ['auth', `${place}: ${said} (password from: ${source})`, authHint(source)],
  },
  {
    state: '3D000',
    as: ({place, said}) => ['no-database', `${place}: ${said}`, 'name an existing one with dbname=NAME; psql -l lists'],
  },
  {
    state: '55000',
    as: ({place, said}) => ['no-database', `${place}: ${said}`, 'connect to another database'],
  },
  {
    state: '42501',
    as: ({place, said, user, database}) => [
      'auth',
      `${place}: ${said}`,
      `GRANT CONNECT ON DATABASE ${quoted(database)} TO ${quoted(user)}`,
    ],
  },
  {
    state: '08P01',
    text: /no such database/i,
    as: ({place, said}) => ['no-database', `${place}: ${said}`, 'add it to the [databases] of pgbouncer.ini'],
  },
  {
    state: '08P01',
    text: /no such user|auth(entication)? failed|password/i,
    as: ({place, said, source}) => ['auth', `${place}: ${said} (password from: ${source})`, authHint(source)],
  },
  {
    state: '08P01',
    as: ({place, said}) => [
      'pooler',
      `${place}: ${said}`,
      "this looks like a pooler: read its log, or use the server's own port",
    ],
  },
]

const tooMany = ({place, said}: Facts): Explanation => [
  'too-many-clients',
  `${place} refuses new sessions: ${said}`,
  'close idle sessions, put a pooler in front, or raise max_connections',
]

const authHint = (source: string) =>
  source === 'none'
    ? 'set PGPASSWORD or add a line to ~/.pgpass'
    : `check the role's name and the password from ${source}`

/** What a server or pooler said when it refused the session. */
export function explainServer(error: ServerError, host: Host, {user, database}: ConnectionSettings): Explanation {
  const place = placeOf(host)
  const facts = {place, said: oneLine(error.message), user, database, source: host.passwordSource}
  const match = SERVER_ERRORS.find(
    ({state, text, routine}) =>
      state === error.code && (!text || text.test(error.message)) && (!routine || routine === error.routine),
  )
  return match
    ? match.as(facts)
    : ['server', `${place}: ${facts.said} (SQLSTATE ${error.code})`, "read the server's log"]
}
