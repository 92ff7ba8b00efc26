export type Server = {
  version: string
  /** server_version_num, e.g. 180004 */
  versionNum: number
  /** version(): carries the compiler and the packager */
  build: string
  database: string
  user: string
  isSuperuser: boolean
  /** roles that matter for what can be seen: pg_monitor, pg_read_all_settings, pg_read_all_stats, pg_read_all_data */
  memberOf: string[]
  /** pg_backend_pid() of the first reading */
  backendPid: number
  /** this very session goes through a pooler: the pid told at start-up is not the backend's */
  isPooled: boolean
  startedAt: number
  now: number
  inRecovery: boolean
  /** may read pg_file_settings: a superuser, or by a grant of its own */
  readsFileSettings: boolean
  /** may read pg_hba_file_rules: a superuser, or by a grant of its own */
  readsHbaRules: boolean
  /** null when the role may not call pg_control_system() */
  systemIdentifier: string | null
  /** true when the session came over TCP */
  overTcp: boolean
  encoding: string
  /** where pg_stat_statements is created in this database, and its own version, which decides its columns */
  statementsExtension: {schema: string; version: string} | null
  /** SQL-visible facts that tell a managed platform: {platform: 'rds', evidence: 'setting rds.extensions exists'} */
  platformEvidence: {platform: string; evidence: string}[]
  /** replicas whose index scans were added to this snapshot's, with the seconds that their counters cover */
  replicas?: {target: string; seconds: number}[]
}

export type Setting = {
  name: string
  /** as pg_settings.setting: in `unit`s */
  value: string
  unit: string | null
  vartype: 'bool' | 'integer' | 'real' | 'string' | 'enum'
  context: 'internal' | 'postmaster' | 'sighup' | 'superuser-backend' | 'backend' | 'superuser' | 'user'
  source: string
  sourceFile: string | null
  sourceLine: number | null
  bootValue: string | null
  resetValue: string | null
  pendingRestart: boolean
  /** what an enum can be on this very build */
  choices?: string[] | null
}

/** Every line of the configuration files, in reading order (superuser only): tells which line loses. */
export type FileSetting = {
  file: string
  line: number
  name: string
  value: string
  applied: boolean
  error: string | null
}

/** ALTER ROLE/DATABASE ... SET; null role or database means all. Precedence: role+db > role > db > all. */
export type RoleSetting = {role: string | null; database: string | null; name: string; value: string}

export type Role = {
  name: string
  canLogin: boolean
  isSuperuser: boolean
  /** the role that initdb made: always a superuser */
  isBootstrap: boolean
  /** when its password expires; null: never */
  validUntil: number | null
  connectionLimit: number
  /** sessions in all databases, ours not counted; everybody may see it */
  connections: number
}

export type Extension = {name: string; version: string; availableVersion: string | null; schema: string}

/** One line of pg_hba.conf, as the server reads it; in order, the first that fits decides. */
export type HbaRule = {
  file: string
  line: number
  /** local, host, hostssl, hostnossl, hostgssenc, hostnogssenc */
  type: string
  databases: string[]
  users: string[]
  /** an address, a host name, `all`, `samehost`, `samenet`; null for `local` */
  address: string | null
  netmask: string | null
  method: string
  options: string[]
}

/** A schema in which every role may create objects. */
export type OpenSchema = {
  schema: string
  owner: string
  /** roles that own relations in it, at most 20: they may depend on the right */
  owners: string[]
}

/** Tables by which an application framework gives itself away, and Django's model names. */
export type Application = {
  markers: {schema: string; table: string}[]
  djangoModels: {app: string; model: string}[]
}
