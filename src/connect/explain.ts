import {AuthRefusal} from './auth.js'
import {ConnectError, oneLine, type Target} from './error.js'
import {type Explanation, explainServer, isServerError, type ServerError} from './server-error.js'
import {type ConnectionSettings, type Host, isSocketPath, placeOf} from './settings.js'
import {StreamError} from './stream.js'
import {TlsSettingError} from './tls.js'

/** The attempt that failed, and how far it had come. */
export type Attempt = {host: Host; settings: ConnectionSettings; stage: 'dialling' | 'startup'; encrypted: boolean}

export const targetOf = ({host, port}: Host, {database, user}: ConnectionSettings): Target => ({
  host,
  port,
  database,
  user,
})

/** Whatever ended an attempt, as the one error that users see: what happened at host:port and what to do. */
export function explain(error: unknown, attempt: Attempt): ConnectError {
  if (error instanceof ConnectError) return error
  const {host, settings} = attempt
  const [kind, message, hint] = explanation(error as ServerError, attempt)
  const sqlstate = isServerError(error) ? error.code : undefined
  return new ConnectError(kind, message, hint, targetOf(host, settings), sqlstate, {cause: error})
}

function explanation(error: ServerError, attempt: Attempt): Explanation {
  const place = placeOf(attempt.host)
  if (error instanceof AuthRefusal) return ['auth', `${place}: ${error.message}`, error.hint]
  if (error instanceof TlsSettingError) return ['tls', `${place}: ${error.message}`, error.hint]
  if (error instanceof StreamError) return explainStream(error, attempt, place)
  if (isServerError(error)) return explainServer(error, attempt.host, attempt.settings)
  return explainNetwork(error, attempt, place)
}

function explainStream({kind, message}: StreamError, {settings: {sslmode}}: Attempt, place: string): Explanation {
  if (kind === 'no-tls') {
    return [
      'tls',
      `${place} does not offer TLS, and sslmode=${sslmode} demands it`,
      'set ssl = on in its postgresql.conf, or sslmode=prefer if the network is trusted',
    ]
  }
  if (kind === 'handshake') {
    return [
      'tls',
      `${place}: the TLS handshake failed with sslmode=${sslmode}: ${oneLine(message)}`,
      handshakeHint(message, sslmode),
    ]
  }
  if (kind === 'dropped') return dropped(place)
  return ['protocol', `${place} does not speak PostgreSQL's protocol: ${oneLine(message)}`, 'check host and port']
}

function handshakeHint(message: string, sslmode: string): string {
  if (/altnames|does not match|not in the cert/i.test(message)) return 'use a name that the certificate carries'
  if (/self.signed|unable to (verify|get)|issuer/i.test(message)) {
    return "give the server's certificate authority with sslrootcert=FILE"
  }
  if (/expired|not yet valid/i.test(message)) return "renew the server's certificate"
  return `check the certificates on both sides; sslmode=${sslmode} is never weakened`
}

const dropped = (place: string): Explanation => [
  'dropped',
  `${place} closed the connection before a session began`,
  "check that this is PostgreSQL's port, and the server's log",
]

function explainNetwork(error: ServerError, attempt: Attempt, place: string): Explanation {
  const {host, stage} = attempt
  const {code = '', message} = error
  if (code === 'ABORT_ERR' || code === 'ETIMEDOUT') return timedOut(attempt, place)
  if (code === 'ENOTFOUND' || code.startsWith('EAI_')) {
    return ['unknown-host', `the host name in ${place} cannot be resolved (${code})`, 'check its spelling and the DNS']
  }
  if (!host.hostaddr && isSocketPath(host.host)) return explainSocket(code, place, host.host)
  if (code === 'ECONNREFUSED') {
    return ['refused', `nothing accepts connections at ${place}`, 'check host and port, and that the server runs']
  }
  if (code === 'EHOSTUNREACH' || code === 'ENETUNREACH' || code === 'EADDRNOTAVAIL') {
    return ['unreachable', `${place} cannot be reached (${code})`, 'check the network, VPN or firewall']
  }
  if (code === 'ECONNRESET' || code === 'EPIPE' || /terminated unexpectedly/.test(message)) return dropped(place)
  if (/authenticationOk message type/.test(message)) {
    const hint = 'use a role that has a password or client-certificate method in pg_hba.conf'
    return ['auth', `${place} asks for an authentication method that is not supported (GSSAPI or SSPI)`, hint]
  }
  if (code.startsWith('ERR_SSL')) {
    const {sslmode} = attempt.settings
    return ['tls', `${place} ended the TLS session: ${oneLine(message)}`, handshakeHint(message, sslmode)]
  }
  if (/SCRAM-SERVER-FINAL|nonce/.test(message)) {
    return ['auth', `${place} could not prove that it knows the password`, 'check that this is the right server']
  }
  return [stage === 'startup' ? 'protocol' : 'unreachable', `${place}: ${oneLine(message)}`, 'check host and port']
}

function explainSocket(code: string, place: string, folder: string): Explanation {
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    const hint = 'start the server, or say where it is: host=localhost for TCP, host=/dir for another socket'
    return ['refused', `there is no server socket ${place}`, hint]
  }
  if (code === 'ECONNREFUSED') return ['refused', `no server listens on the socket ${place}`, 'start the server']
  if (code === 'EACCES' || code === 'EPERM') {
    return ['refused', `the socket ${place} may not be opened`, `check the permissions of ${folder}, or use TCP`]
  }
  return ['dropped', `${place} cannot be used (${code})`, "check the server's log"]
}

function timedOut({settings, stage, encrypted}: Attempt, place: string): Explanation {
  const limit = `${settings.connectTimeoutMs / 1000} s`
  const longer = 'connect_timeout=SECONDS waits longer'
  if (stage === 'dialling') {
    return ['timeout', `${place} did not answer within ${limit}`, `check the network or firewall; ${longer}`]
  }
  const what = `${place} accepted the connection${encrypted ? ' and TLS' : ''} but did not answer within ${limit}`
  return ['timeout', what, `a pooler or proxy there may be waiting for its server; ${longer}`]
}
