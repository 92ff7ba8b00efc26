import {QUERY_WAIT_SECONDS, RESERVE_TIMEOUT_SECONDS} from '../derive/pool-budget.js'
import {shellQuote} from '../fix/apply.js'
import type {FixRequest} from '../rule.js'
import type {Situation} from './chain.js'
import type {Sizes} from './types.js'

const AUTH_FILE = '/etc/pgbouncer/userlist.txt'

/** Lines of an auth_file; the secrets of SCRAM serve both ends. */
const SECRETS =
  `SELECT format('\\"%s\\" \\"%s\\"', rolname, rolpassword) ` +
  'FROM pg_authid WHERE rolcanlogin AND NOT rolsuper AND rolpassword IS NOT NULL'

/** PgBouncer 1.18 takes no quoted entry names: `*` passes any other name on as the client gave it. */
const entryOf = (database: string) =>
  /^[\w.-]+$/.test(database) ? {name: database, rest: ` dbname=${database}`} : {name: '*', rest: ''}
const iniValue = (value: string) => (/^[\w./:-]+$/.test(value) ? value : `'${value.replaceAll("'", "''")}'`)

/** pgbouncer.ini from nothing: the server as it was reached, and the sizes. */
export function installation({snapshot: {target, sections}}: Situation, sizes: Sizes): FixRequest {
  const database = sections.server.ok ? sections.server.data.database : target.database
  const entry = entryOf(database)
  const lines = [
    '[databases]',
    `${entry.name} = host=${iniValue(target.host)} port=${target.port}${entry.rest}`,
    '',
    '[pgbouncer]',
    'listen_addr = 127.0.0.1',
    'listen_port = 6432',
    'auth_type = scram-sha-256',
    `auth_file = ${AUTH_FILE}`,
    `pool_mode = ${sizes.poolMode}`,
    `default_pool_size = ${sizes.defaultPoolSize}`,
    `min_pool_size = ${sizes.minPoolSize}`,
    `reserve_pool_size = ${sizes.reservePoolSize}`,
    `reserve_pool_timeout = ${RESERVE_TIMEOUT_SECONDS}`,
    `max_client_conn = ${sizes.maxClientConn}`,
    `query_wait_timeout = ${QUERY_WAIT_SECONDS}`,
  ]
  return {
    kind: 'action',
    title: 'Put PgBouncer between the application and PostgreSQL',
    steps: [
      {text: 'In pgbouncer.ini', language: 'conf', lines},
      {
        text: "In its auth_file, the roles with their secrets as the server keeps them (as a superuser, on PgBouncer's machine)",
        language: 'sh',
        lines: [
          `psql -h ${shellQuote(target.host)} -p ${target.port} -U postgres -d ${shellQuote(database)} -Atc "${SECRETS}" > userlist.txt`,
          `sudo install -o postgres -m 600 userlist.txt ${AUTH_FILE} && rm userlist.txt`,
        ],
      },
      'Start it, e.g. systemctl restart pgbouncer',
      "Point the application at port 6432 of PgBouncer's machine, and see that nothing connects around it: ahsp-db " +
        "check --pgbouncer 'host=... user=...' tells",
    ],
    note: 'with named prepared statements in the drivers use PgBouncer 1.21 or newer, and max_prepared_statements = 200',
  }
}
