import {conninfoError} from './settings.js'

const SCHEMES = /^postgres(?:ql)?:\/\//
const ANY_SCHEME = /^[a-z][a-z0-9+.:-]*:\/\//i

export const looksLikeUri = (text: string) => ANY_SCHEME.test(text)

const wrong = (what: string, hint: string) => conninfoError(`the connection URL is not valid: ${what}`, hint)

/**
 * libpq's connection URI as keyword/value pairs, in the order of writing (a later one wins).
 * Throws CliError (exit 2) and never quotes what it could not understand: that may be a password.
 */
export function parseUri(text: string): [keyword: string, value: string][] {
  if (!SCHEMES.test(text)) {
    throw wrong('the scheme is unknown', 'write postgresql://user@host:5432/database, without a driver or jdbc: prefix')
  }
  const body = text.replace(SCHEMES, '')
  // As in libpq, whatever stands before the first @ is the user, unless a / comes first.
  const end = body.search(/[@/]/)
  const hasUser = end >= 0 && body[end] === '@'
  const rest = hasUser ? body.slice(end + 1) : body
  const [address = '', query] = splitOnce(rest, '?')
  const [hosts = '', database] = splitOnce(address, '/')
  refuseRawAt(hosts, database, hasUser)
  return [
    ...(hasUser ? userPairs(body.slice(0, end)) : []),
    ...hostPairs(hosts),
    ...(database ? [['dbname', decode(database, 'database name')] as [string, string]] : []),
    ...queryPairs(query ?? ''),
  ]
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator)
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)]
}

/** Without this, a piece of the password would be taken for a host or database name, and printed. */
function refuseRawAt(hosts: string, database: string | undefined, hasUser: boolean) {
  if (hosts.includes('@')) throw wrong('it has more than one @', 'in a user name or password write @ as %40')
  if (!hasUser && hosts.includes(':') && database?.includes('@')) {
    throw wrong('it has a / before the @', 'in a user name or password write / as %2F')
  }
}

function userPairs(text: string): [string, string][] {
  const [user, password] = splitOnce(text, ':')
  const pairs: [string, string][] = []
  if (user) pairs.push(['user', decode(user, 'user name')])
  if (password) pairs.push(['password', decode(password, 'password')])
  return pairs
}

function hostPairs(text: string): [string, string][] {
  if (text === '') return []
  const parts = text.split(',').map(part => {
    const match = /^(\[[^\]]+\]|[^:[\]]*)(?::(\d*))?$/.exec(part)
    if (!match) throw wrong('a host or its port cannot be read', 'write host:port, and an IPv6 address as [::1]:5432')
    return {host: decode(match[1]!.replace(/^\[|\]$/g, ''), 'host name'), port: match[2] ?? ''}
  })
  const pairs: [string, string][] = []
  if (parts.some(part => part.host)) pairs.push(['host', parts.map(part => part.host).join(',')])
  if (parts.some(part => part.port)) pairs.push(['port', parts.map(part => part.port).join(',')])
  return pairs
}

function queryPairs(text: string): [string, string][] {
  if (text === '') return []
  return text.split('&').map(pair => {
    const [name, value, ...more] = pair.split('=')
    if (!name || value === undefined) {
      throw wrong('a parameter after the ? has no value', 'write ?name=value&name=value')
    }
    if (more.length > 0) throw wrong('a parameter after the ? has a second =', 'write = inside a value as %3D')
    const keyword = decode(name, 'parameter name')
    const decoded = decode(value, `value of ${keyword}`)
    // The spelling of JDBC, which libpq accepts too.
    return keyword === 'ssl' && decoded === 'true' ? ['sslmode', 'require'] : [keyword, decoded]
  })
}

function decode(text: string, part: string): string {
  try {
    const decoded = decodeURIComponent(text)
    if (!decoded.includes('\0')) return decoded
  } catch {}
  throw wrong(`the ${part} has a bad percent-encoding`, 'write a literal % as %25')
}
