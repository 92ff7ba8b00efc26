import {poolerName, poolerSetting} from '../../derive/pooler.js'
import {fromConfig, notShown, openAddresses, requiresTls} from '../../derive/pooler-settings.js'
import {clientTlsFix, plainClients, plainEvidence, remoteServers, serverTlsFix} from '../../derive/pooler-tls.js'
import {defineRule, type FindingDraft} from '../../rule.js'
import type {Pooler} from '../../snapshot.js'

export default defineRule({
  id: 'pooler/tls',
  title: 'What passes the pooler crosses the network unencrypted or unchecked',
  category: 'pooler',
  asksFor: 'pooler',
  needs: ['poolers'],
  options: {},
  severity: {
    high: 'connections without TLS to or from a public address: everybody on the way can read and change them',
    medium: 'connections without TLS within a private network, or a server that may be asked without TLS',
    low: 'TLS is optional, or the server proves nothing: no such connection is seen now',
  },
  why:
    'A pooler has two sides, and TLS on one says nothing about the other. Passwords and data are as safe as the weaker ' +
    "one, and a server that need not prove itself can be anybody's.",
  references: [
    'https://www.pgbouncer.org/config.html#client_tls_sslmode',
    'https://www.pgbouncer.org/config.html#server_tls_sslmode',
  ],
  check({poolers}) {
    const known = poolers.filter(pooler => poolerSetting(pooler, 'client_tls_sslmode') !== null)
    if (known.length === 0) return notShown('client_tls_sslmode', poolers)
    return {summary: known.map(sides).join(', '), findings: known.flatMap(each => [...clients(each), ...servers(each)])}
  },
})

function sides(pooler: Pooler): string {
  const client = openAddresses(pooler).length > 0 ? poolerSetting(pooler, 'client_tls_sslmode') : 'on this machine'
  const server = remoteServers(pooler) ? poolerSetting(pooler, 'server_tls_sslmode') : 'on this machine'
  return `clients: ${client}, servers: ${server} at ${poolerName(pooler)}`
}

function clients(pooler: Pooler): FindingDraft[] {
  const open = openAddresses(pooler)
  if (open.length === 0 || requiresTls(pooler)) return []
  const {connections, reach, addresses} = plainClients(pooler)
  const mode = poolerSetting(pooler, 'client_tls_sslmode')
  const from = addresses.slice(0, 5).join(', ')
  const seen = connections > 0 ? `They come from ${from}.` : 'No such client is connected now.'
  return [
    {
      severity: reach === 'public' ? 'high' : connections > 0 ? 'medium' : 'low',
      subject: `client_tls_sslmode at ${poolerName(pooler)}`,
      title:
        connections > 0
          ? `${connections} client ${connections === 1 ? 'connection crosses' : 'connections cross'} the network without TLS`
          : `Clients may connect without TLS on ${open.join(', ')}`,
      detail: `${seen} A tunnel or a mesh that encrypts on the way is not seen from here.`,
      evidence: [
        {label: 'client_tls_sslmode', value: mode ?? '', source: 'SHOW CONFIG'},
        fromConfig(pooler, 'listen_addr'),
        plainEvidence('clients from other machines without TLS', connections, 'SHOW CLIENTS'),
      ],
      confidence: connections > 0 ? 'measured' : 'estimated',
      fixes: [clientTlsFix(pooler)],
    },
  ]
}

function servers(pooler: Pooler): FindingDraft[] {
  const mode = poolerSetting(pooler, 'server_tls_sslmode')
  const remote = remoteServers(pooler)
  if (mode === null || mode === 'verify-full' || !remote) return []
  const isPlain = remote.plain > 0 || mode === 'disable'
  const isForced = mode === 'require' || mode === 'verify-ca'
  return [
    {
      severity: isPlain ? (remote.reach === 'public' ? 'high' : 'medium') : isForced ? 'low' : 'medium',
      subject: `server_tls_sslmode at ${poolerName(pooler)}`,
      title: isPlain
        ? `Connections to ${remote.hosts.slice(0, 3).join(', ')} are not encrypted`
        : `${remote.hosts.slice(0, 3).join(', ')} need not prove to be the server (server_tls_sslmode = ${mode})`,
      detail: isPlain
        ? 'Passwords by md5, statements and rows can be read on the way. A tunnel that encrypts is not seen from here.'
        : 'Without verify-full whoever answers at that address is taken for the server, and is sent what is meant for it.',
      evidence: [
        fromConfig(pooler, 'server_tls_sslmode'),
        fromConfig(pooler, 'server_tls_ca_file'),
        plainEvidence('server connections over the network', remote.connections, 'SHOW SERVERS'),
        plainEvidence('of these without TLS', remote.plain, 'SHOW SERVERS'),
      ],
      confidence: remote.plain > 0 ? 'measured' : 'estimated',
      fixes: [serverTlsFix(pooler)],
    },
  ]
}
