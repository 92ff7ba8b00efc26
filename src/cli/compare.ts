import {basename} from 'node:path'
import {usageError} from '../errors.js'
import type {Compared} from '../loadtest/journey/row.js'
import {type ClientFlags, fileOf, NONE, readClient} from './load-client.js'

type Clients = {locust?: string[]; k6?: string[]; from?: string[]; to?: string[]}
type Flags = Clients & {'next-users'?: number}

/** The runs and what their load generators wrote, in the order given. Throws CliError for files that do not fit. */
export async function readCompared(files: string[], clients: Flags): Promise<Compared[]> {
  // One run of several steps is enough to ask for the next one.
  if (files.length < (clients['next-users'] === undefined ? 2 : 1)) {
    throw usageError(
      files.length === 0 ? 'no run was given' : `there is nothing to compare ${files[0]} with`,
      'give two runs or more that ahsp-db loadtest watch recorded, the oldest first',
    )
  }
  return readRuns(files, clients)
}

/** Each with the files of its load generator: a flag that is given is given once for each run. */
export async function readRuns(files: string[], clients: Clients): Promise<Compared[]> {
  const {locust, k6, from, to} = clients
  for (const [flag, given] of Object.entries({locust, k6, from, to})) {
    if (given && given.length !== files.length) {
      throw usageError(
        `${files.length} runs, but --${flag} is given ${given.length} ${given.length === 1 ? 'time' : 'times'}`,
        `give --${flag} once for each run, in the same order; '${NONE}' for a run that has none`,
      )
    }
  }
  const names = namesOf(files)
  const nth = (given: string[] | undefined, at: number) => fileOf(given?.[at])
  return Promise.all(
    files.map((file, at) =>
      readOne(file, names[at]!, {locust: nth(locust, at), k6: nth(k6, at), from: nth(from, at), to: nth(to, at)}),
    ),
  )
}

async function readOne(file: string, name: string, flags: ClientFlags): Promise<Compared> {
  const {readRun} = await import('../loadtest/read.js')
  const {aligned} = await import('../loadtest/verdict/parts.js')
  const run = await readRun(file)
  const found = await readClient(flags)
  if (!found) return {name, run, client: null}
  const {client, warnings} = aligned(run, found, flags.from !== undefined)
  return {name, run: {...run, notes: [...run.notes, ...warnings]}, client}
}

/** Short names where they tell the files apart. */
function namesOf(files: string[]): string[] {
  const short = files.map(file => basename(file).replace(/\.jsonl$/, ''))
  return new Set(short).size === short.length ? short : files
}

type AskedFlags = {'next-users'?: number; cpus?: number; config?: string}

/** The configuration's phases and hardware matter to what comes next alone: without that it is not read. */
export async function askedOf({'next-users': nextUsers, cpus, config: file}: AskedFlags) {
  if (nextUsers === undefined) return {}
  const {configure} = await import('./judge.js')
  const {ladderOf} = await import('../loadtest/verdict/phases.js')
  const {config, context} = await configure({config: file, cpus, snapshot: []})
  return {nextUsers, cpus: context.cpus, ladder: ladderOf(config.phases)}
}
