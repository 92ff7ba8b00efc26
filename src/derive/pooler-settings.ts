import {poolerCommand} from '../fix/pooler.js'
import type {ActionStep, Evidence, FindingDraft, Unit, Verdict} from '../rule.js'
import type {Pooler, PoolerDatabase} from '../snapshot.js'
import {reachOf} from './network.js'
import {poolerName, poolerNumber, poolerSetting, poolModeOf, poolsNow} from './pooler.js'

/** The consoles that do not show a setting are left out; when none does, nothing can be said. */
export function judgeNumber(
  poolers: readonly Pooler[],
  name: string,
  judge: (value: number, pooler: Pooler) => FindingDraft | null,
): Verdict {
  const known = poolers.flatMap(pooler => {
    const value = poolerNumber(pooler, name)
    return value === null ? [] : [{pooler, value}]
  })
  if (known.length === 0) return notShown(name, poolers)
  return {
    summary: known.map(({pooler, value}) => `${name} = ${value} at ${poolerName(pooler)}`).join(', '),
    findings: known.flatMap(({pooler, value}) => judge(value, pooler) ?? []),
  }
}

/** No console has this setting. */
export const notShown = (name: string, poolers: readonly Pooler[]): Verdict => ({
  cannotJudge: `PgBouncer ${[...new Set(poolers.map(({version}) => version))].join(', ')} does not show ${name}`,
})

/** The value of a setting as evidence; in `unit` when it is a number. */
export function fromConfig(pooler: Pooler, name: string, unit?: Unit): Evidence {
  const number = unit && poolerNumber(pooler, name)
  const value = typeof number === 'number' ? number : (poolerSetting(pooler, name) ?? '')
  return {label: name, value: value === '' ? '(empty)' : value, ...(unit && {unit}), source: 'SHOW CONFIG'}
}

/** Words of a setting that is a list: `options, extra_float_digits`. */
export const listOf = (pooler: Pooler, name: string): string[] =>
  (poolerSetting(pooler, name) ?? '')
    .split(/[,\s]+/)
    .map(word => word.toLowerCase())
    .filter(Boolean)

/** Addresses and names in listen_addr; empty: only the unix socket. */
export const listenAddresses = (pooler: Pooler): string[] => listOf(pooler, 'listen_addr')

const LOOPBACK = /^(localhost(\.localdomain)?|ip6-localhost|ip6-loopback)$/

const isLoopback = (address: string): boolean => LOOPBACK.test(address) || reachOf(address) === 'local'

/** The addresses in listen_addr that other machines can reach. */
export const openAddresses = (pooler: Pooler): string[] => listenAddresses(pooler).filter(each => !isLoopback(each))

/** The hosts of a line of [databases]: one, or a list (1.17+); empty: the unix socket. */
export const hostsOf = ({host}: PoolerDatabase): string[] =>
  (host ?? '')
    .split(',')
    .map(each => each.trim())
    .filter(each => each !== '' && !/^[/@]/.test(each))

/** Those of them that are reached over a network. */
export const remoteHostsOf = (database: PoolerDatabase): string[] =>
  hostsOf(database).filter(host => !isLoopback(host.toLowerCase()))

/** `database "shop" at 10.0.0.5:6432`: findings about a line of [databases] name it so. */
export const entryName = (pooler: Pooler, {name}: PoolerDatabase): string =>
  `database ${JSON.stringify(name)} at ${poolerName(pooler)}`

/** The pool modes in use: of the pools there are, else those that the lines of [databases] give. */
export function modesOf(pooler: Pooler): string[] {
  const pools = poolsNow(pooler).map(({poolMode}) => poolMode)
  const modes = pools.length > 0 ? pools : pooler.databases.map(database => poolModeOf(pooler, database))
  return [...new Set(modes.length > 0 ? modes : [poolerSetting(pooler, 'pool_mode') ?? 'session'])]
}

/** A command for the console, as a step of an action. */
export const commandStep = (text: string, pooler: Pooler, ...command: CommandAndDatabase): ActionStep => ({
  text,
  lines: [poolerCommand(pooler, ...command)],
  language: 'sh',
})

type CommandAndDatabase = [command: Parameters<typeof poolerCommand>[1], database?: string]

/** Whether clients on the network must use TLS. */
export const requiresTls = (pooler: Pooler): boolean =>
  /^(require|verify-ca|verify-full)$/.test(poolerSetting(pooler, 'client_tls_sslmode') ?? '')
