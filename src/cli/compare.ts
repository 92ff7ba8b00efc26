import {basename} from 'node:path'
import {usageError} from '../errors.js'
import type {ClientRun} from '../loadtest/client.js'
import type {Compared} from '../loadtest/journey/row.js'

/** Stands for the files of a run that has none. */
const NONE = 'none'

type Flags = {locust?: string[]; k6?: string[]; 'next-users'?: number}

/** The runs and what their load generators wrote, in the order given. Throws CliError for files that do not fit. */
export async function readCompared(files: string[], clients: Flags): Promise<Compared[]> {
  // One run of several steps is enough to ask for the next one.
  if (files.length < (clients['next-users'] === undefined ? 2 : 1)) {
    throw usageError(
      files.length === 0 ? 'no run was given' : `there is nothing to compare ${files[0]} with`,
      'give two runs or more that ahsp-db loadtest watch recorded, the oldest first',
    )
  }
  const [flag, given] = clients.locust ? (['--locust', clients.locust] as const) : (['--k6', clients.k6 ?? []] as const)
  if (given.length > 0 && given.length !== files.length) {
    throw usageError(
      `${files.length} runs, but ${flag} is given ${given.length} ${given.length === 1 ? 'time' : 'times'}`,
      `give ${flag} once for each run, in the same order; '${NONE}' for a run that has no files`,
    )
  }
  const names = namesOf(files)
  return Promise.all(files.map((file, at) => readOne(file, names[at]!, flag, given[at])))
}

async function readOne(file: string, name: string, flag: '--locust' | '--k6', given?: string): Promise<Compared> {
  const {readRun} = await import('../loadtest/read.js')
  const {aligned} = await import('../loadtest/verdict/parts.js')
  const run = await readRun(file)
  if (given === undefined || given === NONE) return {name, run, client: null}
  const {client, warnings} = aligned(run, await readClient(flag, given), false)
  return {name, run: {...run, notes: [...run.notes, ...warnings]}, client}
}

async function readClient(flag: '--locust' | '--k6', file: string): Promise<ClientRun> {
  if (flag === '--locust') return (await import('../loadtest/clients/locust.js')).readLocust(file)
  return (await import('../loadtest/clients/k6.js')).readK6(file)
}

/** Short names where they tell the files apart. */
function namesOf(files: string[]): string[] {
  const short = files.map(file => basename(file).replace(/\.jsonl$/, ''))
  return new Set(short).size === short.length ? short : files
}
