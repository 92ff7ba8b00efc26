import type {When} from './when.js'

/** What is asked for; no file is read and nothing looked up on the way to the units. */
export type Plan = {
  /** words that start the program on this machine: node and the script */
  program: string[]
  /** what runs, without the program: check --save ... */
  command: string[]
  when: When
  /** the account it runs as; undefined: the unit's own */
  user?: string
  /** where the configuration will lie; undefined: there is none */
  config?: string
  /** a file with the URL that hears of trouble */
  webhookFile?: string
  /** who is written to otherwise */
  mail: string
  /** for containers: an image that has ahsp-db; undefined: Node's, and npx */
  image?: string
  version: string
}

export type UnitFile = {
  /** where it goes */
  path: string
  text: string
}

export const NODE_IMAGE = 'node:22-slim'

/** What a run may take before it is ended from outside: well beyond its own --timeout. */
export const LIMIT_MINUTES = 10

/** The command with the places of this unit; what the command names itself stays. */
export function commandOf({command}: Pick<Plan, 'command'>, places: {config?: string; history: string}): string[] {
  const has = (...flags: string[]) =>
    command.some(word => flags.some(flag => word === flag || word.startsWith(`${flag}=`)))
  const remembers = command[0] === 'report' || has('--save', '--baseline')
  return [
    ...command,
    ...(places.config !== undefined && !has('--config', '-c') ? ['--config', places.config] : []),
    ...(remembers && !has('--history') ? ['--history', places.history] : []),
  ]
}

/** From the registry, the version that printed the unit. */
export const npxWords = ({version}: Pick<Plan, 'version'>): string[] => ['npx', '--yes', `ahsp-db@${version}`]
