import {CliError, EXIT} from '../errors.js'
import type {Secret} from './secret.js'

export const SSL_MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const
export type SslMode = (typeof SSL_MODES)[number]

export const SESSION_ATTRS = ['any', 'read-write', 'read-only', 'primary', 'standby', 'prefer-standby'] as const
export type SessionAttrs = (typeof SESSION_ATTRS)[number]

export type Host = {
  /** a name, an address, or the directory of a unix socket */
  host: string
  /** the address to dial in place of looking `host` up */
  hostaddr?: string
  port: number
  password?: Secret
  /** where the password came from: 'PGPASSWORD', '~/.pgpass line 3', 'none' */
  passwordSource: string
}

/** Everything that is needed to connect, with libpq's rules already applied. */
export type ConnectionSettings = {
  hosts: Host[]
  database: string
  user: string
  /** of the first host; a password file may hold one for each */
  passwordSource: string
  sslmode: SslMode
  sslnegotiation: 'postgres' | 'direct'
  /** file name, or 'system'; undefined: the server's certificate is not verified */
  sslrootcert?: string
  sslcert?: string
  sslkey?: string
  sslpassword?: Secret
  sslcrl?: string
  sslsni: boolean
  sslMinVersion: TlsVersion
  sslMaxVersion?: TlsVersion
  channelBinding: 'disable' | 'prefer' | 'require'
  /** libpq's require_auth, as given */
  requireAuth?: string
  /** for each host */
  connectTimeoutMs: number
  keepAlive: boolean
  keepAliveIdleMs: number
  applicationName: string
  targetSessionAttrs: SessionAttrs
  warnings: string[]
}

export type TlsVersion = 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3'

/** One keyword's value and where it came from: 'the connection string', 'PGPORT', 'service "x" in FILE'. */
export type Value = {text: string; origin: string}
export type Values = Map<string, Value>

/** Never quote the text around a mistake in `message`: it may be a piece of a password. */
export const conninfoError = (message: string, hint: string) => new CliError('CONNINFO', EXIT.usage, message, hint)

export const isSocketPath = (host: string) => host.startsWith('/') || host.startsWith('@')

export const socketFile = (host: string, port: number) => `${host}/.s.PGSQL.${port}`

/** How messages name a server: host:port, [::1]:port, or the socket's file. */
export function placeOf({host, port}: {host: string; port: number}): string {
  if (isSocketPath(host)) return socketFile(host, port)
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
