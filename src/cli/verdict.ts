import * as Flags from '@oclif/core/flags'
import {analyze} from '../analyze.js'
import {EXIT, type ExitCode, usageError} from '../errors.js'
import type {ClientRun} from '../loadtest/client.js'
import {causes} from '../loadtest/verdict/causes/index.js'
import {ladderOf, PHASE_NAMES} from '../loadtest/verdict/phases.js'
import type {LoadVerdict} from '../loadtest/verdict/types.js'
import {judgeRun} from '../loadtest/verdict/verdict.js'
import {rules} from '../rules/index.js'
import {configure} from './judge.js'

export const phaseFlag = Flags.option({options: PHASE_NAMES})

export const percentFlag = Flags.custom<number>({
  parse: async input => {
    const number = Number(input.trim().replace(/%$/, '') || Number.NaN)
    if (number >= 0 && number <= 100) return number
    throw usageError(`${JSON.stringify(input)} is no percentage`, 'give 0 to 100, e.g. 71')
  },
})

type VerdictFlags = {
  config?: string
  locust?: string
  k6?: string
  from?: string
  to?: string
  users?: number
  phase?: string
  'next-users'?: number
  cpus?: number
  'cpu-peak'?: number
  'memory-peak'?: number
}

/** Reads the files and judges them. Throws CliError when one cannot be read, or they have no second in common. */
export async function verdictOf(file: string, flags: VerdictFlags): Promise<LoadVerdict> {
  const {readRun} = await import('../loadtest/read.js')
  // The files are all there is to read: what the configuration connects to does not matter.
  const {config, context} = await configure({config: flags.config, cpus: flags.cpus, snapshot: []})
  const [run, client] = [await readRun(file), await readClient(flags)]
  const belonging = new Set(causes.flatMap(cause => cause.rules))
  const selected = rules.filter(({id}) => belonging.has(id)) as unknown as Parameters<typeof analyze>[3]
  return judgeRun({
    run,
    client,
    ladder: ladderOf(config.phases),
    users: flags.users ?? null,
    phase: flags.phase ?? null,
    nextUsers: flags['next-users'] ?? null,
    peaks: {cpu: flags['cpu-peak'] ?? null, memory: flags['memory-peak'] ?? null},
    cores: context.cpus ?? null,
    isTold: flags.from !== undefined,
    analyze: (snapshot, users) =>
      analyze(snapshot, {...config, only: [], skip: []}, {...context, users: users ?? undefined}, selected),
  })
}

async function readClient({locust, k6, from, to}: VerdictFlags): Promise<ClientRun | null> {
  const {parseTime} = await import('../loadtest/clients/time.js')
  const times = [from === undefined ? null : parseTime(from, '--from'), to === undefined ? null : parseTime(to, '--to')]
  const options = {from: times[0]?.at ?? null, to: times[1]?.at ?? null}
  if (options.from !== null && options.to !== null && options.from >= options.to) {
    throw usageError('--from is not before --to', 'give the beginning and the end of the load')
  }
  const client = await readFile({locust, k6}, options)
  const notes = times.flatMap(time => time?.note ?? [])
  return client && {...client, notes: [...client.notes, ...notes]}
}

async function readFile({locust, k6}: VerdictFlags, options: {from: number | null; to: number | null}) {
  if (locust !== undefined) return (await import('../loadtest/clients/locust.js')).readLocust(locust, options)
  return k6 === undefined ? null : (await import('../loadtest/clients/k6.js')).readK6(k6, options)
}

/** 0: the next step may be taken; 1: it may not; 2: nobody can say. */
export function verdictExitCode({next: {verdict}}: LoadVerdict, allowConditional: boolean): ExitCode {
  if (verdict === 'CANNOT JUDGE') return EXIT.usage
  return verdict === 'GO' || (verdict === 'CONDITIONAL' && allowConditional) ? EXIT.ok : EXIT.findings
}
