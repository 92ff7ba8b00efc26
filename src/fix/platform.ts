import {usageError} from '../errors.js'
import type {Snapshot} from '../snapshot.js'
import {quoteIdent} from '../sql/quote.js'

/** The values of `--platform`. */
export const PLATFORM_IDS = [
  'debian',
  'rhel',
  'docker',
  'homebrew',
  'windows',
  'pg_ctl',
  'rds',
  'aurora',
  'cloudsql',
  'alloydb',
  'azure',
  'supabase',
  'neon',
  'heroku',
] as const
export type PlatformId = (typeof PLATFORM_IDS)[number] | 'unknown'

/** Where a server runs, as far as its settings go: who starts it and where its configuration lives. */
export type Platform = {
  id: PlatformId
  name: string
  /** what told us so; never a guess */
  evidence: string
  /** no access to files, and no ALTER SYSTEM */
  managed: boolean
  major: number | null
  /** null: hidden from our role */
  configFile: string | null
  dataDirectory: string | null
  /** systemd unit, Windows service or Homebrew formula */
  service: string | null
  /** SQL that would let us see the paths */
  grant: string | null
}

/** Ordered: Aurora also shows RDS's settings, AlloyDB may show Cloud SQL's, so the narrower one comes first. */
const MANAGED_IDS: PlatformId[] = ['aurora', 'rds', 'alloydb', 'cloudsql', 'azure', 'supabase', 'neon', 'heroku']

const NAMES: Record<PlatformId, string> = {
  debian: 'Debian/Ubuntu cluster',
  rhel: 'RHEL family',
  docker: 'Docker official image',
  homebrew: 'Homebrew',
  windows: 'Windows service',
  pg_ctl: 'self-managed (pg_ctl)',
  rds: 'Amazon RDS',
  aurora: 'Amazon Aurora',
  cloudsql: 'Google Cloud SQL',
  alloydb: 'Google AlloyDB',
  azure: 'Azure Database for PostgreSQL',
  supabase: 'Supabase',
  neon: 'Neon',
  heroku: 'Heroku Postgres',
  unknown: 'unknown',
}

type Paths = {configFile: string | null; dataDirectory: string | null}
type Guess = {id: PlatformId; evidence: string; service?: string}

/**
 * Tells the platform from SQL-visible evidence alone; `override` (a `--platform` value) beats all evidence.
 * @throws CliError USAGE for an override that is not one of PLATFORM_IDS
 */
export function detectPlatform(sections: Snapshot['sections'], override?: string): Platform {
  if (override !== undefined && !(PLATFORM_IDS as readonly string[]).includes(override)) {
    throw usageError(`unknown platform "${override}"`, `use one of ${PLATFORM_IDS.join(', ')}`)
  }
  const server = sections.server.ok ? sections.server.data : null
  const major = server ? Math.floor(server.versionNum / 10_000) : null
  const paths = readPaths(sections)
  const found = managedFrom(server?.platformEvidence ?? []) ?? selfManagedFrom(paths, server?.build ?? '', major)
  const chosen = override ? overridden(override as PlatformId, found) : found
  const managed = MANAGED_IDS.includes(chosen.id)
  const hidden = !managed && paths.configFile === null && paths.dataDirectory === null
  return {
    id: chosen.id,
    name: NAMES[chosen.id],
    evidence: chosen.evidence,
    managed,
    major,
    configFile: managed ? null : paths.configFile,
    dataDirectory: managed ? null : paths.dataDirectory,
    service: managed ? null : (chosen.service ?? defaultService(chosen.id, major)),
    grant: hidden && server ? `GRANT pg_monitor TO ${quoteIdent(server.user)};` : null,
  }
}

function overridden(id: PlatformId, found: Guess): Guess {
  return found.id === id ? found : {id, evidence: 'given with --platform'}
}

function readPaths(sections: Snapshot['sections']): Paths {
  const settings = sections.settings.ok ? sections.settings.data : []
  const value = (name: string) => settings.find(setting => setting.name === name)?.value || null
  return {configFile: value('config_file'), dataDirectory: value('data_directory')}
}

function managedFrom(evidence: {platform: string; evidence: string}[]): Guess | null {
  for (const id of MANAGED_IDS) {
    const match = evidence.find(item => item.platform === id)
    if (match) return {id, evidence: match.evidence}
  }
  return null
}

function selfManagedFrom(paths: Paths, build: string, major: number | null): Guess {
  const {configFile, dataDirectory} = paths
  const debian = configFile?.match(/^\/etc\/postgresql\/(\d+)\/([\w.-]+)\//)
  if (debian) return {id: 'debian', service: `${debian[1]}-${debian[2]}`, evidence: `config_file is ${configFile}`}
  if (dataDirectory) return fromDataDirectory(dataDirectory, major)
  if (configFile) return {id: 'pg_ctl', evidence: `config_file is ${configFile}`}
  return fromBuild(build)
}

function fromDataDirectory(directory: string, major: number | null): Guess {
  const evidence = `data_directory is ${directory}`
  if (/^[a-z]:[\\/]/i.test(directory)) {
    const version = directory.match(/[\\/]PostgreSQL[\\/](\d+)[\\/]/i)?.[1] ?? major
    return {id: 'windows', service: version ? `postgresql-x64-${version}` : undefined, evidence}
  }
  // The official image: /var/lib/postgresql/data until 17, /var/lib/postgresql/18/docker since.
  if (/^\/var\/lib\/postgresql\/(data(\/|$)|\d+\/docker$)/.test(directory)) return {id: 'docker', evidence}
  const rhel = directory.match(/^\/var\/lib\/pgsql\/(?:(\d+)\/)?data$/)
  if (rhel) return {id: 'rhel', service: rhel[1] ? `postgresql-${rhel[1]}` : 'postgresql', evidence}
  const brew = directory.match(
    /^(?:\/opt\/homebrew|\/usr\/local|\/home\/linuxbrew\/\.linuxbrew)\/var\/(postgresql@\d+|postgres(?:ql)?)$/,
  )
  if (brew) return {id: 'homebrew', service: brew[1] === 'postgres' ? 'postgresql' : brew[1], evidence}
  return {id: 'pg_ctl', evidence}
}

/** version() names the packager: enough for two platforms, not for Debian (the Docker image is built from it). */
function fromBuild(build: string): Guess {
  const evidence = `version() is ${build}`
  if (/\(Homebrew\)/.test(build)) return {id: 'homebrew', evidence}
  if (/windows|mingw|Visual C\+\+|msvc/i.test(build)) return {id: 'windows', evidence}
  return {id: 'unknown', evidence: 'data_directory and config_file are hidden from this role'}
}

function defaultService(id: PlatformId, major: number | null): string | null {
  const version = major ?? '<version>'
  if (id === 'debian') return `${version}-main`
  if (id === 'rhel') return `postgresql-${version}`
  if (id === 'homebrew') return `postgresql@${version}`
  if (id === 'windows') return `postgresql-x64-${version}`
  return null
}
