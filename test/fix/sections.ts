import type {RoleSetting, SectionName, Server, Setting, Snapshot} from '../../src/snapshot.js'

/** The parts of a snapshot that decide what a fix looks like; everything else is unavailable. */
export function sections(parts: Partial<{[K in SectionName]: unknown}> = {}): Snapshot['sections'] {
  const missing = {ok: false, reason: 'permission', message: 'not read'}
  const known = Object.entries(parts).map(([name, data]) => [name, {ok: true, data}])
  return new Proxy(Object.fromEntries(known), {get: (target, key) => target[key] ?? missing}) as Snapshot['sections']
}

export function server(part: Partial<Server> = {}): Server {
  return {
    version: '15.18',
    versionNum: 150018,
    build: 'PostgreSQL 15.18 on x86_64-pc-linux-gnu, compiled by gcc, 64-bit',
    database: 'ahsp',
    user: 'app',
    backendPid: 1,
    isPooled: false,
    isSuperuser: true,
    readsFileSettings: true,
    readsHbaRules: true,
    memberOf: [],
    startedAt: 0,
    now: 100,
    inRecovery: false,
    systemIdentifier: null,
    overTcp: true,
    encoding: 'UTF8',
    platformEvidence: [],
    statementsExtension: null,
    ...part,
  }
}

export function setting(name: string, value: string, part: Partial<Setting> = {}): Setting {
  return {
    name,
    value,
    unit: null,
    vartype: 'integer',
    context: 'postmaster',
    source: 'default',
    sourceFile: null,
    sourceLine: null,
    bootValue: null,
    resetValue: null,
    pendingRestart: false,
    ...part,
  }
}

/** What pg_settings says of a server whose paths may be seen. */
export function paths(dataDirectory: string, configFile = `${dataDirectory}/postgresql.conf`): Setting[] {
  return [
    setting('data_directory', dataDirectory, {vartype: 'string', source: 'override'}),
    setting('config_file', configFile, {vartype: 'string', source: 'override'}),
  ]
}

export const DEBIAN = paths('/var/lib/postgresql/15/main', '/etc/postgresql/15/main/postgresql.conf')

export function roleSetting(role: string | null, database: string | null, name: string, value: string): RoleSetting {
  return {role, database, name, value}
}
