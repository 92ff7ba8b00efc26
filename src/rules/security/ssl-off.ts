import {type Reach, reachOf} from '../../derive/network.js'
import {setting} from '../../derive/settings.js'
import {defineRule, type FindingDraft, type FixRequest} from '../../rule.js'
import type {Session} from '../../snapshot.js'
import {number} from '../../units.js'

export default defineRule({
  id: 'security/ssl-off',
  title: 'Clients of other machines talk to the server unencrypted',
  category: 'security',
  needs: ['settings', 'activity'],
  settings: ['ssl'],
  options: {
    minSessions: {default: 1, unit: 'count', help: 'unencrypted sessions from other machines, seen at one moment'},
  },
  severity: {
    high: 'unencrypted from a public address: whoever is on the way reads the rows, and may change them',
    low: 'unencrypted within a private network: fine between containers of one machine, a question elsewhere',
  },
  why:
    'Without TLS every row, and with old methods the password, crosses the network as it is. Drivers differ: libpq ' +
    'encrypts when the server can, others only when they are told.',
  references: ['https://www.postgresql.org/docs/current/ssl-tcp.html'],
  peers: ['DX'],
  check({settings, activity}, {minSessions}) {
    const ssl = setting(settings, 'ssl').value
    const clients = activity.sessions.filter(({backendType}) => backendType === 'client backend')
    const plain = clients
      .filter(session => session.ssl === false && reachOf(session.clientAddr) !== 'local')
      .map(session => ({session, reach: reachOf(session.clientAddr)}))
    const isLow = plain.length < minSessions
    return {
      summary: `ssl = ${ssl}; ${plain.length || 'none'} of ${number(clients.length)} sessions seen are unencrypted from another machine`,
      findings: isLow ? [] : [draft(plain, ssl)],
    }
  },
})

function draft(plain: {session: Session; reach: Reach}[], ssl: string): FindingDraft {
  const isPublic = plain.some(({reach}) => reach === 'public')
  const worst = plain.filter(({reach}) => reach === (isPublic ? 'public' : 'private')).map(({session}) => session)
  const addresses = [...new Set(worst.map(({clientAddr}) => clientAddr ?? ''))].sort()
  const from = isPublic ? 'public addresses' : 'other machines of a private network'
  const without = ssl === 'on' ? 'do not use TLS' : 'cannot use TLS (ssl = off)'
  return {
    severity: isPublic ? 'high' : 'low',
    subject: 'ssl',
    title: `${number(worst.length)} sessions from ${from} ${without}`,
    detail:
      'Not seen from here: a VPN, a tunnel or a mesh that encrypts below, and a proxy whose address hides the clients. ' +
      (ssl === 'on' ? 'The server is ready; the clients do not ask for it.' : 'The server offers no TLS at all.'),
    evidence: [
      {label: 'ssl', value: ssl, source: 'pg_settings'},
      {label: 'unencrypted sessions', value: worst.length, unit: 'count', source: 'pg_stat_ssl'},
      {label: 'from', value: addresses.slice(0, 5).join(', '), source: 'pg_stat_activity'},
    ],
    confidence: 'measured',
    fixes: ssl === 'on' ? [CLIENT] : [SERVER, CLIENT],
  }
}

const SERVER: FixRequest = {
  kind: 'setting',
  name: 'ssl',
  to: 'on',
  risk: 'review',
  note:
    'First put a certificate and its key where ssl_cert_file and ssl_key_file say (server.crt and server.key in the data ' +
    'directory), the key readable for the server alone (chmod 600): without them the server ignores the change. ' +
    'Clients see it when they connect anew.',
}

const CLIENT: FixRequest = {
  kind: 'app',
  title: 'Let the clients ask for TLS (sslmode=require; verify-full once they know the certificate)',
  by: {
    django: {
      where: 'settings.py',
      lines: ["DATABASES['default'].setdefault('OPTIONS', {})['sslmode'] = 'require'"],
    },
    rails: {where: 'config/database.yml', lines: ['sslmode: require']},
    prisma: {where: '.env', lines: ['DATABASE_URL="postgresql://USER:PASSWORD@HOST:5432/DATABASE?sslmode=require"']},
    plain: {where: 'the connection string', lines: ['sslmode=require']},
  },
}
