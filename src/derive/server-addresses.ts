import {isIP} from 'node:net'
import type {FindingDraft, FixRequest} from '../rule.js'
import type {Pooler, Section, Setting} from '../snapshot.js'
import {seconds} from '../units.js'
import {reachOf} from './network.js'
import {poolerName, poolerNumber, poolsNow} from './pooler.js'
import {answersAt, dnsNames, type EntryAddresses, entryAddresses, hasBothFamilies} from './pooler-addresses.js'
import {entryName, fromConfig} from './pooler-settings.js'

/** What is wrong with the addresses to which the lines of [databases] lead. */
export function towardsServer(pooler: Pooler, settings: Section<Setting[]>): FindingDraft[] {
  return entryAddresses(pooler).flatMap(each => {
    if (each.source === 'SHOW DATABASES') return uneven(pooler, each)
    if (hasBothFamilies(each.addresses)) return bothFamilies(pooler, each, settings)
    return each.addresses.length > 1 ? uneven(pooler, each) : wrongFamily(pooler, each, settings)
  })
}

const describe = (pooler: Pooler, {entry, addresses, source}: EntryAddresses) => ({
  subject: entryName(pooler, entry),
  evidence: [{label: `addresses of ${entry.host}`, value: addresses.join(', '), source}],
})

function uneven(pooler: Pooler, each: EntryAddresses): FindingDraft[] {
  if (poolerNumber(pooler, 'server_round_robin') !== 0) return []
  const {subject, evidence} = describe(pooler, each)
  return [
    {
      severity: 'low',
      subject,
      title: `${each.addresses.length} servers behind ${JSON.stringify(each.entry.name)}, and one gets most of the work`,
      detail:
        'New connections go to each address in turn, but work goes to the connection that was free last. ' +
        'All of the servers must be able to do the same: a standby refuses to write.',
      evidence: [...evidence, fromConfig(pooler, 'server_round_robin')],
      confidence: 'estimated',
      fixes: [{kind: 'pooler', pooler, name: 'server_round_robin', to: '1'}],
    },
  ]
}

/** listen_addresses of the server, and which of these addresses it answers; null: the server was not read. */
function answeredBy(settings: Section<Setting[]>, addresses: string[]) {
  const listen = settings.ok ? settings.data.find(({name}) => name === 'listen_addresses')?.value : undefined
  if (listen === undefined) return null
  const words = listen.split(',').map(word => word.trim().toLowerCase())
  return {listen, words, answered: addresses.filter(address => answersAt(words, address))}
}

const usedAddresses = (pooler: Pooler, {entry}: EntryAddresses): string[] =>
  pooler.servers.filter(({database}) => database === entry.name).map(({address}) => address)

/** ::1 and 127.0.0.1: the same server, unless it listens on one of them only. */
function bothFamilies(pooler: Pooler, each: EntryAddresses, settings: Section<Setting[]>): FindingDraft[] {
  const {entry, addresses} = each
  const {listen, answered} = answeredBy(settings, addresses) ?? {listen: null, answered: []}
  const used = usedAddresses(pooler, each)
  if (answered.length === addresses.length || addresses.every(address => used.includes(address))) return []
  // None of them: the server that was read is another one.
  const isMissed = answered.length > 0
  const {subject, evidence} = describe(pooler, each)
  const address = answered[0] ?? addresses.find(each => isIP(each) === 4) ?? addresses[0]!
  return [
    {
      severity: isMissed ? 'medium' : 'low',
      subject,
      title: isMissed
        ? `${entry.host} means ${addresses.join(' and ')}, the server listens on ${answered.join(', ')} only`
        : `${entry.host} is an IPv4 and an IPv6 address, and PgBouncer uses them in turn`,
      detail: isMissed
        ? 'Every other new connection is refused, and clients wait for the retry.'
        : 'Where the server listens on one of them only, or pg_hba.conf knows only one, every other connection fails. ' +
          'That one has failed is not claimed here.',
      evidence: [...evidence, ...(listen ? [{label: 'listen_addresses', value: listen, source: 'pg_settings'}] : [])],
      confidence: 'estimated',
      fixes: [pinned(pooler, entry.name, address)],
    },
  ]
}

/**
 * A name with both kinds of records is IPv6 alone for older versions, which ask for the other only when there is none.
 * It must be this very machine, or clients must be waiting: else the server that was read may be another one.
 */
function wrongFamily(pooler: Pooler, each: EntryAddresses, settings: Section<Setting[]>): FindingDraft[] {
  const {entry, addresses} = each
  const server = answeredBy(settings, addresses)
  const port = settings.ok ? settings.data.find(({name}) => name === 'port')?.value : undefined
  const isWaiting = poolsNow(pooler).some(pool => pool.database === entry.name && pool.clientsWaiting > 0)
  const isHere = addresses.every(address => reachOf(address) === 'local')
  if (!server || server.answered.length > 0 || Number(port) !== entry.port || !(isHere || isWaiting)) return []
  const family = isIP(addresses[0]!)
  const target = server.words.find(word => isIP(word) !== 0 && isIP(word) !== family && !ANY.includes(word))
  if (!target || usedAddresses(pooler, each).length > 0) return []
  const {subject, evidence} = describe(pooler, each)
  return [
    {
      severity: 'high',
      subject,
      title: `PgBouncer takes ${entry.host} for ${addresses.join(', ')}, the server listens on ${server.listen}`,
      detail:
        'No connection of this database has come about: clients wait until query_wait_timeout and get an error. ' +
        'The name may have both kinds of addresses; older versions of PgBouncer then use the IPv6 one alone.',
      evidence: [...evidence, {label: 'listen_addresses', value: server.listen, source: 'pg_settings'}],
      confidence: 'estimated',
      fixes: [pinned(pooler, entry.name, target)],
    },
  ]
}

const ANY = ['0.0.0.0', '::']

const pinned = (pooler: Pooler, database: string, address: string): FixRequest => ({
  kind: 'pooler',
  pooler,
  database,
  name: 'host',
  to: address,
  title: `Name the address: ${address}`,
  note: 'It must be one on which the server listens. With verify-full the certificate must have it.',
  risk: 'review',
  reconnect: true,
})

/** Names whose change in DNS the pooler notices late. */
export function staleNames(pooler: Pooler, maxTtl: number): FindingDraft[] {
  const ttl = poolerNumber(pooler, 'dns_max_ttl') ?? 0
  const names = dnsNames(pooler)
  if (ttl <= maxTtl || names.length === 0) return []
  return [
    {
      severity: 'low',
      subject: `dns_max_ttl at ${poolerName(pooler)}`,
      title: `A change of ${names.slice(0, 3).join(', ')} in DNS is seen after ${seconds(ttl)}`,
      detail:
        'After a failover by DNS the pooler goes on with the old server for so long. The TTL of the record is ignored.',
      evidence: [fromConfig(pooler, 'dns_max_ttl', 'seconds')],
      confidence: 'measured',
      fixes: [{kind: 'pooler', pooler, name: 'dns_max_ttl', to: '15'}],
    },
  ]
}
