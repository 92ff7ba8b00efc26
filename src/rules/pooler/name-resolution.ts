import {isIP} from 'node:net'
import {poolerName} from '../../derive/pooler.js'
import {coverOfName} from '../../derive/pooler-addresses.js'
import {fromConfig, listenAddresses} from '../../derive/pooler-settings.js'
import {staleNames, towardsServer} from '../../derive/server-addresses.js'
import {defineRule, type FindingDraft, type FixRequest} from '../../rule.js'
import type {Pooler} from '../../snapshot.js'

export default defineRule({
  id: 'pooler/name-resolution',
  title: 'A name leads to other addresses than was meant',
  category: 'pooler',
  asksFor: 'pooler',
  needs: ['poolers'],
  uses: ['settings'],
  options: {
    maxTtl: {default: 60, unit: 'seconds', help: 'a longer dns_max_ttl keeps sending to a server that was replaced'},
  },
  severity: {
    high: 'PgBouncer looks for the server at an address where it does not listen: no connection comes about',
    medium: "the first address of a name is not the pooler's, or the server's: connections fail, wait or go elsewhere",
    low: 'some address of a name is not answered, load is spread unevenly, or a change in DNS is seen late',
  },
  why:
    'One name may stand for an IPv6 and an IPv4 address, and each program picks by its own rules. What listens on one ' +
    'of them only is found by some clients, and missed by others.',
  references: [
    'https://www.pgbouncer.org/config.html#host',
    'https://www.pgbouncer.org/config.html#server_round_robin',
  ],
  check({poolers, settings}, {maxTtl}) {
    const names = poolers.map(pooler => {
      const addresses = pooler.addresses.length > 0 ? ` is ${pooler.addresses.join(', ')},` : ''
      return `${poolerName(pooler)}${addresses} listens on ${listenAddresses(pooler).join(', ') || 'a socket'}`
    })
    return {
      summary: names.join('; '),
      findings: poolers.flatMap(pooler => [
        ...toPooler(pooler),
        ...towardsServer(pooler, settings),
        ...staleNames(pooler, maxTtl),
      ]),
    }
  },
})

function toPooler(pooler: Pooler): FindingDraft[] {
  const cover = coverOfName(pooler)
  if (!cover || cover.silent.length === 0) return []
  const {addresses, answered, silent} = cover
  const {host, port} = pooler.target
  const isFirst = silent.includes(addresses[0]!)
  return [
    {
      severity: isFirst ? 'medium' : 'low',
      subject: poolerName(pooler),
      title: `${host} also means ${silent.join(', ')}, where the pooler does not listen`,
      detail:
        `${isFirst ? 'It is tried first here: clients that try only one address fail, others lose time. ' : ''}` +
        "Names were looked up on this machine; on the application's the answer may differ. " +
        'Whether something else answers there, such as the server itself, is not seen.',
      evidence: [
        {label: `addresses of ${host}`, value: addresses.join(', '), source: 'name resolution on this machine'},
        fromConfig(pooler, 'listen_addr'),
      ],
      confidence: 'measured',
      fixes: [pinned(answered[0]!, port), listenToo(pooler, silent)],
    },
  ]
}

const pinned = (address: string, port: number): FixRequest => ({
  kind: 'app',
  title: `Name the address instead: ${address}`,
  risk: 'safe',
  by: {
    django: {
      where: "the environment that settings.py reads, or DATABASES['default'] itself",
      lines: [`PGBOUNCER_HOST=${address}`, `PGBOUNCER_PORT=${port}`],
    },
    rails: {where: 'config/database.yml', lines: [`host: ${yaml(address)}`, `port: ${port}`]},
    plain: {where: 'DATABASE_URL', lines: [`postgresql://...@${url(address)}:${port}/...`]},
  },
})

const url = (address: string) => (isIP(address) === 6 ? `[${address}]` : address)
const yaml = (address: string) => (isIP(address) === 6 ? `"${address}"` : address)

const listenToo = (pooler: Pooler, silent: string[]): FixRequest => ({
  kind: 'pooler',
  pooler,
  name: 'listen_addr',
  to: [...listenAddresses(pooler), ...silent].join(', '),
  title: 'Or listen on all of them',
})
