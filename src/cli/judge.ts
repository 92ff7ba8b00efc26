import {analyze, isSelected} from '../analyze.js'
import type {CapacityReport} from '../capacity/types.js'
import {type Config, loadConfig} from '../config.js'
import {EXIT, type ExitCode, usageError} from '../errors.js'
import type {PlatformId} from '../fix/platform.js'
import {type Earlier, isFile, readRun} from '../history/run-file.js'
import type {Report} from '../report.js'
import {type Context, SEVERITIES, type Severity} from '../rule.js'
import {rules} from '../rules/index.js'
import type {Snapshot} from '../snapshot.js'
import {didYouMean} from '../suggest.js'
import {receivedSignal} from './acquire.js'
import {size} from './quantity.js'
import {missesPooler, missingSections} from './verify-role.js'

export type JudgeFlags = {
  config?: string
  users?: number
  'current-users'?: number
  ram?: string
  'disk-free'?: string
  cpus?: number
  storage?: 'ssd' | 'hdd'
  platform?: PlatformId
  only?: string[]
  skip?: string[]
  snapshot?: string[]
  baseline?: string
  pgbouncer?: string[]
}

/**
 * The configuration file with the flags laid over it; `conninfo` is what the command line names, if anything: a target
 * of the file when one has exactly this name, else a connection string.
 */
export async function configure(
  flags: JudgeFlags,
  conninfo?: string,
): Promise<{config: Config; context: Context; earlier?: Earlier}> {
  const connection = (conninfo ?? flags.snapshot) !== undefined ? 'ignore' : 'expand'
  const consoles = (flags.pgbouncer ?? flags.snapshot) !== undefined ? 'ignore' : 'expand'
  const loaded = await loadConfig(flags.config, rules, process.env, {connection, consoles})
  const target = loaded.targets?.find(({name}) => name === conninfo)
  const file = target ? (await import('../fleet/targets.js')).withTarget(loaded, target, process.env) : loaded
  const given = target ? file.connection : (conninfo ?? file.connection)
  // A bad file is told before anything is read; a run of the history is found when the database is known.
  const {baseline} = flags
  const earlier = baseline !== undefined && isFile(baseline) ? await readRun(baseline) : undefined
  const setup = withFlags(flags, {...file, connection: given})
  if (earlier?.snapshot) setup.context.baseline = {file: baseline!, snapshot: earlier.snapshot}
  return {...setup, ...(earlier && {earlier})}
}

/** The command line wins over the file. Throws (exit 2) for a rule or a quantity that is none. */
export function withFlags(flags: JudgeFlags, file: Config): {config: Config; context: Context} {
  const config: Config = {
    ...file,
    pgbouncer: flags.pgbouncer ?? file.pgbouncer,
    platform: flags.platform ?? file.platform,
    only: known(flags.only) ?? file.only,
    skip: [...file.skip, ...(known(flags.skip) ?? [])],
  }
  const context: Context = {
    users: flags.users ?? file.users,
    currentUsers: flags['current-users'],
    app: file.app,
    requestTimeout: file.requestTimeout,
    poolerProcesses: file.poolerProcesses,
    poolerOpenFiles: file.poolerOpenFiles,
    ramBytes: flags.ram === undefined ? file.ramBytes : size('--ram', flags.ram),
    diskFreeBytes: flags['disk-free'] === undefined ? file.diskFreeBytes : size('--disk-free', flags['disk-free']),
    cpus: flags.cpus ?? file.cpus,
    storage: flags.storage ?? file.storage,
  }
  return {config, context}
}

function known(names: string[] | undefined): string[] | undefined {
  const ids = [...new Set(rules.flatMap(rule => [rule.id, rule.category as string]))]
  for (const name of names ?? []) {
    if (ids.includes(name)) continue
    const guess = didYouMean(name, ids)
    throw usageError(
      `there is no rule or category ${JSON.stringify(name)}`,
      guess ? `did you mean ${guess}?` : "see 'ahsp-db rules'",
    )
  }
  return names
}

/** Only one rule asks what new indexes would bring: without it nothing is planned. */
export const adviceMsOf = (config: Config): number | undefined =>
  isSelected({id: 'indexes/missing', category: 'indexes'}, config) ? ADVICE_MS : undefined

const ADVICE_MS = 2000

type Rules = Parameters<typeof analyze>[3]

/** `debug`: each rule's own time goes to standard error. */
export async function judge(
  snapshot: Snapshot,
  {config, context}: {config: Config; context: Context},
  debug = false,
): Promise<Report> {
  const all = rules as unknown as Rules
  return analyze(snapshot, config, context, debug ? all.map(timed) : all)
}

function timed(rule: Rules[number]): Rules[number] {
  return {
    ...rule,
    check: (...given) => {
      const start = performance.now()
      try {
        return rule.check(...given)
      } finally {
        process.stderr.write(`${rule.id}: ${(performance.now() - start).toFixed(1)} ms\n`)
      }
    },
  }
}

/** For `capacity`: 1 when N users do not fit. */
export function capacityExitCode({asked}: CapacityReport, snapshot: Snapshot, strict: boolean): ExitCode {
  const cut = cutShortCode(snapshot)
  if (cut !== null) return cut
  if (asked.verdict === 'breaks' || asked.verdict === 'over-committed') return EXIT.findings
  return strict && (asked.verdict === 'cannot judge' || missesPooler(snapshot)) ? EXIT.partial : EXIT.ok
}

function cutShortCode({cutShortBy}: Snapshot): ExitCode | null {
  if (cutShortBy === 'signal') return receivedSignal === 'SIGTERM' ? EXIT.terminated : EXIT.interrupted
  return cutShortBy === 'deadline' ? EXIT.deadline : null
}

/** See EXIT: a run that was cut short says so before its findings are counted. */
export function exitCodeOf(report: Report, snapshot: Snapshot, failOn: Severity, strict: boolean): ExitCode {
  const cut = cutShortCode(snapshot)
  if (cut !== null) return cut
  const limit = SEVERITIES.indexOf(failOn)
  const worst = Math.min(
    ...report.results.flatMap(r => r.findings.map(f => SEVERITIES.indexOf(f.severity))),
    SEVERITIES.length,
  )
  if (worst <= limit) return EXIT.findings
  const isMissing = missesPooler(snapshot) || missingSections(snapshot).length > 0
  const incomplete = report.partial || isMissing || report.verdict.counts.error > 0
  return strict && incomplete ? EXIT.partial : EXIT.ok
}
