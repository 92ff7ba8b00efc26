import {suggest} from '../suggest.js'
import {AUTH_METHODS, parseRequireAuth} from './auth.js'
import {conninfoError, SESSION_ATTRS, SSL_MODES, type Value, type Values} from './settings.js'

type Keyword = {
  /** libpq's environment variable */
  env?: string
  values?: readonly string[]
  /** why this value cannot be honoured */
  refuse?: (value: string) => string | undefined
  /** accepted, but changes nothing here: said in a warning */
  unused?: string
}

const TLS_VERSIONS = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const
const SWITCH = ['0', '1'] as const
const always = (reason: string) => (value: string) => (value === '' ? undefined : reason)
const only = (accepted: string[], reason: string) => (value: string) =>
  value === '' || accepted.includes(value.toLowerCase()) ? undefined : reason
const OWN_DEADLINES = "a dead peer is noticed by ahsp-db's own deadlines"
const NO_GSSAPI = 'GSSAPI is not supported'
const NO_OAUTH = 'OAuth is not supported'
const NO_SCRAM_KEY = 'SCRAM keys are not supported, only the password is'

/** Every keyword of libpq up to PostgreSQL 18: used, or refused by name. */
export const KEYWORDS: Record<string, Keyword> = {
  service: {env: 'PGSERVICE'},
  user: {env: 'PGUSER'},
  password: {env: 'PGPASSWORD'},
  passfile: {env: 'PGPASSFILE'},
  dbname: {env: 'PGDATABASE'},
  host: {env: 'PGHOST'},
  hostaddr: {env: 'PGHOSTADDR'},
  port: {env: 'PGPORT'},
  application_name: {env: 'PGAPPNAME'},
  fallback_application_name: {},
  connect_timeout: {env: 'PGCONNECT_TIMEOUT'},
  target_session_attrs: {env: 'PGTARGETSESSIONATTRS', values: SESSION_ATTRS},
  load_balance_hosts: {env: 'PGLOADBALANCEHOSTS', values: ['disable', 'random']},
  keepalives: {values: SWITCH},
  keepalives_idle: {},
  keepalives_interval: {unused: OWN_DEADLINES},
  keepalives_count: {unused: OWN_DEADLINES},
  tcp_user_timeout: {unused: OWN_DEADLINES},
  sslmode: {env: 'PGSSLMODE', values: SSL_MODES},
  sslnegotiation: {env: 'PGSSLNEGOTIATION', values: ['postgres', 'direct']},
  sslrootcert: {env: 'PGSSLROOTCERT'},
  sslcert: {env: 'PGSSLCERT'},
  sslkey: {env: 'PGSSLKEY'},
  sslpassword: {},
  sslcertmode: {
    env: 'PGSSLCERTMODE',
    values: ['disable', 'allow', 'require'],
    refuse: only(['disable', 'allow'], 'whether the server asked for a certificate cannot be told here'),
  },
  sslcrl: {env: 'PGSSLCRL'},
  sslcrldir: {env: 'PGSSLCRLDIR', refuse: always('use sslcrl with one file')},
  sslsni: {env: 'PGSSLSNI', values: SWITCH},
  sslcompression: {env: 'PGSSLCOMPRESSION', refuse: only(['0'], 'TLS compression is unsafe and not supported')},
  ssl_min_protocol_version: {env: 'PGSSLMINPROTOCOLVERSION', values: TLS_VERSIONS},
  ssl_max_protocol_version: {env: 'PGSSLMAXPROTOCOLVERSION', values: TLS_VERSIONS},
  sslkeylogfile: {refuse: always('TLS keys are not written anywhere')},
  channel_binding: {env: 'PGCHANNELBINDING', values: ['disable', 'prefer', 'require']},
  require_auth: {
    env: 'PGREQUIREAUTH',
    refuse: value =>
      value === '' || parseRequireAuth(value) ? undefined : `it must be a list of ${AUTH_METHODS.join(', ')}`,
  },
  requirepeer: {env: 'PGREQUIREPEER', refuse: always("a socket's owner cannot be checked here")},
  gssencmode: {
    env: 'PGGSSENCMODE',
    values: ['disable', 'prefer', 'require'],
    refuse: only(['disable', 'prefer'], 'GSSAPI encryption is not supported'),
  },
  krbsrvname: {env: 'PGKRBSRVNAME', unused: NO_GSSAPI},
  gsslib: {env: 'PGGSSLIB', unused: NO_GSSAPI},
  gssdelegation: {env: 'PGGSSDELEGATION', values: SWITCH, unused: NO_GSSAPI},
  client_encoding: {
    env: 'PGCLIENTENCODING',
    refuse: only(['auto', 'utf8', 'utf-8', 'unicode'], 'only UTF8 is supported'),
  },
  options: {env: 'PGOPTIONS', refuse: always('it would change the settings that are to be judged')},
  replication: {refuse: only(['0', 'false', 'off', 'no'], 'a replication connection cannot run a check')},
  min_protocol_version: {env: 'PGMINPROTOCOLVERSION', refuse: only(['3.0'], 'only protocol 3.0 is supported')},
  max_protocol_version: {env: 'PGMAXPROTOCOLVERSION', values: ['3.0', '3.2', 'latest']},
  scram_client_key: {refuse: always(NO_SCRAM_KEY)},
  scram_server_key: {refuse: always(NO_SCRAM_KEY)},
  oauth_issuer: {refuse: always(NO_OAUTH)},
  oauth_client_id: {refuse: always(NO_OAUTH)},
  oauth_client_secret: {refuse: always(NO_OAUTH)},
  oauth_scope: {refuse: always(NO_OAUTH)},
}

/** Parameters that other software puts into the URL that people have at hand. */
const FOREIGN: Record<string, string> = {
  schema: 'Prisma',
  connection_limit: 'Prisma',
  pool_timeout: 'Prisma',
  socket_timeout: 'Prisma',
  pgbouncer: 'Prisma',
  statement_cache_size: 'Prisma',
  sslaccept: 'Prisma',
  uselibpqcompat: 'node-postgres',
  currentSchema: 'the JDBC driver',
  binary_parameters: "Go's pq",
  pool_max_conns: "Go's pgx",
}

export function checkKeyword(name: string, origin: string): void {
  if (Object.hasOwn(KEYWORDS, name)) return
  // What does not look like a keyword may be a piece of a password with spaces in it.
  const title = /^[A-Za-z_]{1,40}$/.test(name) ? `the parameter ${name}` : 'a parameter'
  const owner = FOREIGN[name]
  const hint = owner
    ? `${owner} reads it, PostgreSQL does not: remove it from ${origin}`
    : suggest(name, Object.keys(KEYWORDS), 'remove it; a value with spaces goes in single quotes')
  throw conninfoError(`${title} in ${origin} is unknown`, hint)
}

/** Refuses what cannot be honoured (CliError, exit 2) and returns warnings about what has no effect. */
export function checkValues(values: Values): string[] {
  return [...values].flatMap(([name, value]) => {
    const {values: known, refuse, unused} = KEYWORDS[name]!
    if (value.text.includes('\0')) throw conninfoError(`${name} contains a NUL character`, 'remove it')
    if (known && value.text !== '' && !known.includes(value.text)) throw notOneOf(name, value, known)
    const reason = refuse?.(value.text)
    if (reason) throw conninfoError(`${name} (from ${value.origin}) is not supported: ${reason}`, `remove ${name}`)
    return unused && value.text !== '' ? [`${name} (from ${value.origin}) has no effect: ${unused}`] : []
  })
}

function notOneOf(name: string, value: Value, known: readonly string[]) {
  const nodePostgres = name === 'sslmode' && value.text === 'no-verify'
  const hint = nodePostgres ? 'use sslmode=require' : suggest(value.text, known, `use one of ${known.join(', ')}`)
  return conninfoError(`${name} (from ${value.origin}) must be one of ${known.join(', ')}`, hint)
}

/** libpq also sends these at start-up; here they would only change how values are spelt. */
const NOT_SENT = ['PGDATESTYLE', 'PGTZ', 'PGGEQO']

/** Adds each keyword that is not set yet from its environment variable. */
export function addEnvironment(values: Values, env: NodeJS.ProcessEnv): string[] {
  for (const [name, {env: variable}] of Object.entries(KEYWORDS)) {
    const text = variable && env[variable]
    if (text && !values.has(name)) values.set(name, {text, origin: variable})
  }
  if (env.PGREQUIRESSL === '1' && !values.has('sslmode')) {
    values.set('sslmode', {text: 'require', origin: 'PGREQUIRESSL'})
  }
  return NOT_SENT.filter(name => env[name]).map(name => `${name} has no effect: only application_name is sent`)
}
