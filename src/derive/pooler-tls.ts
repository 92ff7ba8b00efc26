import {shellQuote} from '../fix/apply.js'
import type {Evidence, FixRequest} from '../rule.js'
import type {Pooler} from '../snapshot.js'
import {type Reach, reachOf} from './network.js'
import {poolerSetting} from './pooler.js'
import {commandStep, hostsOf, remoteHostsOf} from './pooler-settings.js'

const FURTHEST: Reach[] = ['public', 'private', 'local']
const furthest = (reaches: Reach[]): Reach => FURTHEST.find(reach => reaches.includes(reach)) ?? 'local'

export type Unencrypted = {connections: number; reach: Reach; addresses: string[]}

/** Clients of other machines that use no TLS now. */
export function plainClients({clients}: Pooler): Unencrypted {
  const plain = clients.filter(({address, tls}) => tls === '' && address !== 'unix' && reachOf(address) !== 'local')
  return {
    connections: plain.reduce((sum, {connections}) => sum + connections, 0),
    reach: furthest(plain.map(({address}) => reachOf(address))),
    addresses: [...new Set(plain.map(({address}) => address))].sort(),
  }
}

export type RemoteServers = {hosts: string[]; reach: Reach; connections: number; plain: number}

/** Servers that are reached over a network, and the connections to them; null: there is none. */
export function remoteServers(pooler: Pooler): RemoteServers | null {
  const hosts = [...new Set(pooler.databases.flatMap(remoteHostsOf))].sort()
  if (hosts.length === 0) return null
  const resolved = (pooler.dns ?? []).filter(({hostname}) => hosts.includes(hostname)).flatMap(dns => dns.addresses)
  const names = pooler.databases.filter(entry => hostsOf(entry).length > 0).map(({name}) => name)
  const servers = pooler.servers.filter(
    ({database, address}) => names.includes(database) && address !== 'unix' && reachOf(address) !== 'local',
  )
  return {
    hosts,
    reach: furthest([...hosts, ...resolved].map(reachOf)),
    connections: servers.length,
    plain: servers.filter(({tls}) => tls === '').length,
  }
}

const folderOf = (pooler: Pooler): string => {
  const file = poolerSetting(pooler, 'conffile') ?? ''
  return file.includes('/') ? file.slice(0, file.lastIndexOf('/')) : '/etc/pgbouncer'
}

const iniOf = (pooler: Pooler): string => poolerSetting(pooler, 'conffile') || 'pgbouncer.ini'

const shell = (path: string) => (/^[\w./-]+$/.test(path) ? path : shellQuote(path))

/** TLS for clients: the one line where there is a certificate already, else all that it takes. */
export function clientTlsFix(pooler: Pooler): FixRequest {
  const note = 'Clients without TLS are refused from then on. First change them: sslmode=require, or better.'
  if (poolerSetting(pooler, 'client_tls_cert_file')) {
    return {kind: 'pooler', pooler, name: 'client_tls_sslmode', to: 'require', risk: 'review', note}
  }
  const file = (ending: string) => `${folderOf(pooler)}/pgbouncer.${ending}`
  return {
    kind: 'action',
    title: 'Give PgBouncer a certificate and let clients in by TLS only',
    risk: 'review',
    note,
    steps: [
      {
        text: 'A key and a certificate, for the user that PgBouncer runs as; one from your own authority is better',
        language: 'sh',
        lines: [
          `openssl req -x509 -newkey rsa:2048 -nodes -days 825 -subj "/CN=$(hostname -f)" -keyout ${shell(file('key'))} -out ${shell(file('crt'))}`,
        ],
      },
      {
        text: `In section [pgbouncer] of ${iniOf(pooler)}`,
        language: 'conf',
        lines: [
          'client_tls_sslmode = require',
          `client_tls_key_file = ${file('key')}`,
          `client_tls_cert_file = ${file('crt')}`,
        ],
      },
      commandStep("Reload PgBouncer's configuration", pooler, 'RELOAD'),
    ],
  }
}

/** The server's certificate checked: the one line where its authority is known already. */
export function serverTlsFix(pooler: Pooler): FixRequest {
  const note = 'The names in [databases] must be those in the certificate, and the server must have ssl = on.'
  if (poolerSetting(pooler, 'server_tls_ca_file')) {
    return {
      kind: 'pooler',
      pooler,
      name: 'server_tls_sslmode',
      to: 'verify-full',
      risk: 'review',
      note,
      reconnect: true,
    }
  }
  return {
    kind: 'action',
    title: "Let PgBouncer check the server's certificate",
    risk: 'review',
    note,
    steps: [
      "Get the certificate of the authority that signed the server's (managed platforms publish it)",
      {
        text: `In section [pgbouncer] of ${iniOf(pooler)}`,
        language: 'conf',
        lines: ['server_tls_sslmode = verify-full', `server_tls_ca_file = ${folderOf(pooler)}/server-ca.crt`],
      },
      commandStep("Reload PgBouncer's configuration", pooler, 'RELOAD'),
      commandStep('Renew the server connections', pooler, 'RECONNECT'),
    ],
  }
}

/** How many of them are not encrypted, for the evidence. */
export const plainEvidence = (label: string, value: number, source: string): Evidence => ({
  label,
  value,
  unit: 'count',
  source,
})
