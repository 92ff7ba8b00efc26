import {realpathSync} from 'node:fs'
import {isAbsolute} from 'node:path'
import {usageError} from '../errors.js'
import {VERSION} from '../version.js'
import type {Scheduler} from './index.js'
import type {Plan} from './plan.js'
import {parseWhen} from './when.js'
import {refuseUnsafe, splitWords} from './words.js'

export type ScheduleFlags = {
  every: string
  command: string
  user?: string
  config?: string
  program?: string
  image?: string
  'webhook-file'?: string
  mail: string
}

/** On machines the file of the program's own folder, in repositories the one that is checked in. */
const CONFIG: Record<Scheduler, string> = {
  systemd: '/etc/ahsp-db/ahsp-db.yaml',
  cron: '/etc/ahsp-db/ahsp-db.yaml',
  k8s: '/etc/ahsp-db/ahsp-db.yaml',
  github: 'ahsp-db.yaml',
  gitlab: 'ahsp-db.yaml',
}

/** Trouble is told once: when it comes, not as long as it stays. */
export const DEFAULT_COMMAND = 'check --save --baseline last --fail-on-new --brief'

/** Commands whose exit code tells how things are. */
const COMMANDS = ['check', 'report']

/** The plan that flags and CONNINFO ask for. Throws CliError (exit 2) for what no unit can express safely. */
export function planOf(scheduler: Scheduler, flags: ScheduleFlags, conninfo: string | undefined): Plan {
  const words = [...splitWords(flags.command), ...(conninfo === undefined ? [] : [conninfo])]
  if (!COMMANDS.includes(words[0]!)) {
    throw usageError(`--command is ${JSON.stringify(flags.command)}`, "it starts with check or report: 'check --save'")
  }
  const isHere = scheduler === 'systemd' || scheduler === 'cron'
  if (flags['webhook-file'] !== undefined && !isHere) {
    throw usageError(`--webhook-file is for systemd and cron`, `${scheduler} tells of failed runs by itself`)
  }
  for (const name of ['config', 'webhook-file'] as const) {
    const path = flags[name]
    if (isHere && path !== undefined && !isAbsolute(path)) {
      throw usageError(`--${name} ${path} is not absolute`, 'the unit runs in another folder')
    }
  }
  if (flags.user !== undefined && !/^[a-z_][\w-]*$/i.test(flags.user)) {
    throw usageError(`--user ${JSON.stringify(flags.user)} is no account name`, 'e.g. --user ahsp-db')
  }
  if (!/^[\w.+@-]*$/.test(flags.mail)) throw usageError('--mail is no address', 'e.g. --mail dba@example.org')
  const program = flags.program === undefined ? ownProgram() : splitWords(flags.program)
  refuseUnsafe([...words, ...program, flags.config ?? '', flags['webhook-file'] ?? '', flags.image ?? ''])
  return {
    program,
    command: words,
    when: parseWhen(flags.every),
    user: flags.user,
    config: flags.config ?? (conninfo === undefined ? CONFIG[scheduler] : undefined),
    webhookFile: flags['webhook-file'],
    mail: flags.mail,
    image: flags.image,
    version: VERSION,
  }
}

/** Node and the script by their paths: schedulers have a short PATH, and may find another Node in it. */
const ownProgram = (): string[] => [process.execPath, realpathSync(process.argv[1]!)]
