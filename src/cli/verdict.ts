import * as Flags from '@oclif/core/flags'
import {analyze} from '../analyze.js'
import {EXIT, type ExitCode, usageError} from '../errors.js'
import type {Compared} from '../loadtest/journey/row.js'
import {causes} from '../loadtest/verdict/causes/index.js'
import {ladderOf, PHASE_NAMES} from '../loadtest/verdict/phases.js'
import type {LoadVerdict} from '../loadtest/verdict/types.js'
import {judgeRun} from '../loadtest/verdict/verdict.js'
import {rules} from '../rules/index.js'
import {configure} from './judge.js'
import {type ClientFlags, fileOf, readClient} from './load-client.js'

export const phaseFlag = Flags.option({options: PHASE_NAMES})

export const percentFlag = Flags.custom<number>({
  parse: async input => {
    const number = Number(input.trim().replace(/%$/, '') || Number.NaN)
    if (number >= 0 && number <= 100) return number
    throw usageError(`${JSON.stringify(input)} is no percentage`, 'give 0 to 100, e.g. 71')
  },
})

type VerdictFlags = Omit<ClientFlags, 'locust' | 'k6'> & {
  config?: string
  /** of the run, then of the earlier ones */
  locust?: string[]
  k6?: string[]
  earlier?: string[]
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
  const own = {locust: fileOf(flags.locust?.[0]), k6: fileOf(flags.k6?.[0]), from: flags.from, to: flags.to}
  const [run, client] = [await readRun(file), await readClient(own)]
  const belonging = new Set(causes.flatMap(cause => cause.rules))
  const selected = rules.filter(({id}) => belonging.has(id)) as unknown as Parameters<typeof analyze>[3]
  return judgeRun({
    run,
    client,
    earlier: await readEarlier(flags),
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

/** The steps before, with files of their own or without any: the database's samples are enough. */
async function readEarlier({earlier = [], locust, k6}: VerdictFlags): Promise<Compared[]> {
  const {readRuns} = await import('./compare.js')
  const runs = earlier.length + 1
  for (const [flag, given] of Object.entries({locust, k6})) {
    if (given && given.length > 1 && given.length !== runs) {
      throw usageError(
        `${runs} ${runs === 1 ? 'run' : 'runs'}, but --${flag} is given ${given.length} times`,
        `give --${flag} for the run that is judged, or for it and then for each --earlier run`,
      )
    }
  }
  const others = (given: string[] | undefined) => (given && given.length > 1 ? given.slice(1) : undefined)
  return readRuns(earlier, {locust: others(locust), k6: others(k6)})
}

/** 0: the next step may be taken; 1: it may not; 2: nobody can say. */
export function verdictExitCode({next: {verdict}}: LoadVerdict, allowConditional: boolean): ExitCode {
  if (verdict === 'CANNOT JUDGE') return EXIT.usage
  return verdict === 'GO' || (verdict === 'CONDITIONAL' && allowConditional) ? EXIT.ok : EXIT.findings
}
