import {isIP} from 'node:net'
import type {HbaRule} from '../snapshot.js'

/** How far an address reaches: this machine, a private network (RFC 1918, 4193, 6598, link-local), or anybody. */
export type Reach = 'local' | 'private' | 'public'

/** Of one client's address; null is a Unix socket. Text that is no address counts as private: it names some host. */
export function reachOf(address: string | null): Reach {
  if (address === null || address === '') return 'local'
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '').toLowerCase()
  if (isIP(plain) === 4) return reachOf4(plain.split('.').map(Number) as [number, number, number, number])
  if (isIP(plain) === 6) return plain === '::1' ? 'local' : /^(f[cd]|fe[89ab])/.test(plain) ? 'private' : 'public'
  return 'private'
}

function reachOf4([a, b]: [number, number, number, number]): Reach {
  if (a === 127) return 'local'
  const isPrivate =
    a === 10 ||
    (a === 172 && b >= 16 && b < 32) ||
    (a === 192 && b === 168) ||
    (a === 169 && b === 254) ||
    (a === 100 && b >= 64 && b < 128)
  return isPrivate ? 'private' : 'public'
}

/** Bits of a netmask as pg_hba_file_rules shows it; null for what is none. */
export function prefixLength(netmask: string): number | null {
  if (isIP(netmask) === 4) return ones(netmask.split('.').map(Number), 8)
  if (isIP(netmask) !== 6) return null
  const [head = '', tail] = netmask.split('::')
  const groups = (text: string) => (text === '' ? [] : text.split(':').map(group => Number.parseInt(group, 16)))
  const zeros = tail === undefined ? 0 : 8 - groups(head).length - groups(tail).length
  return ones([...groups(head), ...Array<number>(zeros).fill(0), ...groups(tail ?? '')], 16)
}

const ones = (parts: number[], width: number) =>
  parts.reduce((sum, part) => sum + part.toString(2).padStart(width, '0').replace(/0/g, '').length, 0)

/** Whom a line of pg_hba.conf speaks to. */
export function reachOfRule({type, address, netmask}: Pick<HbaRule, 'type' | 'address' | 'netmask'>): Reach {
  if (type === 'local') return 'local'
  if (address === 'all') return 'public'
  if (address === null || address === 'samehost') return 'local'
  if (address === 'samenet') return 'private'
  const bits = netmask === null ? null : prefixLength(netmask)
  const reach = reachOf(address)
  // A mask so wide that it leaves the private range the address lies in.
  const least = isIP(address) === 6 ? 7 : 8
  return bits !== null && bits < least ? 'public' : reach
}

/** `10.0.0.0/8`, or the name that stands there. */
export function addressText({address, netmask}: Pick<HbaRule, 'address' | 'netmask'>): string {
  const bits = netmask === null ? null : prefixLength(netmask)
  return bits === null ? (address ?? '') : `${address}/${bits}`
}
