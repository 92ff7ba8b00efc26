import {CliError, EXIT} from '../errors.js'

export type Target = {host: string; port: number; database: string; user: string}

export type ConnectKind =
  | 'refused'
  | 'unknown-host'
  | 'unreachable'
  | 'timeout'
  | 'dropped'
  | 'protocol'
  | 'tls'
  | 'hba'
  | 'auth'
  | 'no-role'
  | 'no-database'
  | 'too-many-clients'
  | 'role-limit'
  | 'database-limit'
  | 'starting-up'
  | 'shutting-down'
  | 'recovery'
  | 'session-attrs'
  | 'pooler'
  | 'server'

/** Why no session could be had; exit 3. `code` is the kind in capitals. */
export class ConnectError extends CliError {
  /** how often the server refused the session during the retries */
  attempts = 1
  /** whether TLS was in use when the attempt failed */
  encrypted = false

  constructor(
    readonly kind: ConnectKind,
    message: string,
    hint: string,
    readonly target: Target,
    readonly sqlstate?: string,
    options?: ErrorOptions,
  ) {
    super(kind.toUpperCase().replaceAll('-', '_'), EXIT.connect, message, hint, options)
  }
}

/**
 * What ended a query. `server`: an error with an SQLSTATE; `timeout`: the client's deadline; `cancelled`: cancel()
 * was called; `lost`: the connection is gone (with the SQLSTATE of the server's last words, if any).
 */
export type QueryErrorKind = 'server' | 'timeout' | 'cancelled' | 'lost'

export class QueryError extends Error {
  constructor(
    readonly kind: QueryErrorKind,
    message: string,
    readonly sqlstate?: string,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
}

/** Text of the server within one line of ours: no line breaks, control or bidi characters, not endless. */
export function oneLine(text: string): string {
  return text.replace(/[\s\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]+/g, ' ').slice(0, 300)
}
