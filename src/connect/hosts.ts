import fs from 'node:fs'
import net from 'node:net'
import {conninfoError, type Host, socketFile, type Values} from './settings.js'

export const DEFAULT_PORT = 5432

/** Compiled into libpq: Debian and Red Hat have the first, PostgreSQL's own builds the second. */
const SOCKET_DIRS = ['/var/run/postgresql', '/tmp']

export const isDefaultSocketDir = (host: string) => SOCKET_DIRS.includes(host)

export type Address = Pick<Host, 'host' | 'hostaddr' | 'port'>

/** The servers to try, in order. Throws CliError (exit 2) when the lists of hosts and ports do not fit together. */
export function listHosts(values: Values): Address[] {
  const list = (name: string) => {
    const text = values.get(name)?.text
    return text ? text.split(',') : undefined
  }
  const hosts = list('host')
  const addresses = list('hostaddr')
  const ports = list('port') ?? ['']
  const size = addresses?.length ?? hosts?.length ?? 1
  if (hosts && hosts.length !== size) throw mismatch('hosts', hosts.length, 'hostaddr values', size)
  if (ports.length !== 1 && ports.length !== size) throw mismatch('ports', ports.length, 'hosts', size)
  const all = Array.from({length: size}, (_, i) => {
    const port = parsePort(ports[ports.length === 1 ? 0 : i]!)
    return address(hosts?.[i] ?? '', addresses?.[i] ?? '', port)
  })
  return values.get('load_balance_hosts')?.text === 'random' ? shuffle(all) : all
}

function address(host: string, hostaddr: string, port: number): Address {
  if (hostaddr === '') return {host: host || defaultHost(port), port}
  if (!net.isIP(hostaddr)) throw conninfoError('hostaddr must be a numeric IP address', 'use host for a name')
  return {host: host || hostaddr, hostaddr, port}
}

function parsePort(text: string): number {
  if (text.trim() === '') return DEFAULT_PORT
  const port = /^\s*\d+\s*$/.test(text) ? Number(text) : 0
  if (port >= 1 && port <= 65535) return port
  throw conninfoError('a port is not a number between 1 and 65535', `PostgreSQL's default is ${DEFAULT_PORT}`)
}

function defaultHost(port: number): string {
  if (process.platform === 'win32') return 'localhost'
  return SOCKET_DIRS.find(dir => fs.existsSync(socketFile(dir, port))) ?? SOCKET_DIRS[0]!
}

const mismatch = (what: string, count: number, other: string, otherCount: number) =>
  conninfoError(
    `${count} ${what} do not fit ${otherCount} ${other}`,
    'give one for all, or one for each, separated by commas',
  )

function shuffle<T>(items: T[]): T[] {
  return items
    .map(item => ({item, key: Math.random()}))
    .sort((a, b) => a.key - b.key)
    .map(({item}) => item)
}
