import {isIP} from 'node:net'
import type {Pooler, PoolerDatabase} from '../snapshot.js'
import {hostsOf, listenAddresses} from './pooler-settings.js'

/** Whether a pooler that listens on `listen` answers at `address`; a name may mean any address. */
export function answersAt(listen: readonly string[], address: string): boolean {
  const family = isIP(address)
  return listen.some(each => {
    if (each === '*') return true
    // IPv6 sockets are for IPv6 alone: PgBouncer sets IPV6_V6ONLY.
    if (each === '0.0.0.0') return family === 4
    if (each === '::') return family === 6
    return isIP(each) === 0 || each === address.toLowerCase()
  })
}

export type NameCover = {
  /** in the order in which clients try */
  addresses: string[]
  answered: string[]
  silent: string[]
}

/**
 * The addresses of the name by which the console was reached, against those on which the pooler listens. Null: no
 * name, a single address, or something in between (a balancer, a container's network) that makes them incomparable.
 */
export function coverOfName(pooler: Pooler): NameCover | null {
  const {addresses} = pooler
  const listen = listenAddresses(pooler)
  const answered = addresses.filter(address => answersAt(listen, address))
  if (addresses.length < 2 || listen.length === 0 || answered.length === 0) return null
  return {addresses, answered, silent: addresses.filter(address => !answered.includes(address))}
}

export type EntryAddresses = {
  entry: PoolerDatabase
  addresses: string[]
  /** the list in pgbouncer.ini, or what DNS said */
  source: 'SHOW DATABASES' | 'SHOW DNS_HOSTS'
}

/** Where the lines of [databases] lead, as far as that is known: a list of hosts (1.17+), or what DNS said of a name. */
export function entryAddresses(pooler: Pooler): EntryAddresses[] {
  return pooler.databases.flatMap((entry): EntryAddresses[] => {
    const hosts = [...new Set(hostsOf(entry))]
    if (hosts.length > 1) return [{entry, addresses: hosts, source: 'SHOW DATABASES'}]
    const known = (pooler.dns ?? []).find(({hostname}) => hostname.toLowerCase() === hosts[0]?.toLowerCase())
    const addresses = [...new Set(known?.addresses)]
    return addresses.length > 0 ? [{entry, addresses, source: 'SHOW DNS_HOSTS'}] : []
  })
}

/** Host names in [databases], which PgBouncer asks DNS for. */
export const dnsNames = ({databases}: Pick<Pooler, 'databases'>): string[] => [
  ...new Set(databases.flatMap(hostsOf).filter(host => isIP(host) === 0 && host.includes('.'))),
]

/** Whether these are one machine's, or one service's, in both families: ::1 and 127.0.0.1. */
export const hasBothFamilies = (addresses: readonly string[]): boolean =>
  addresses.some(address => isIP(address) === 4) && addresses.some(address => isIP(address) === 6)
