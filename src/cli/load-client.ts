import {usageError} from '../errors.js'
import type {ClientRun} from '../loadtest/client.js'

/** Of one run. */
export type ClientFlags = {locust?: string; k6?: string; from?: string; to?: string}

/** Stands for the files of a run that has none. */
export const NONE = 'none'

export const fileOf = (given: string | undefined) => (given === NONE ? undefined : given)

/** What a load generator wrote; null: no file is given. Throws CliError for one that cannot be read. */
export async function readClient({locust, k6, from, to}: ClientFlags): Promise<ClientRun | null> {
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

async function readFile({locust, k6}: ClientFlags, options: {from: number | null; to: number | null}) {
  if (locust !== undefined) return (await import('../loadtest/clients/locust.js')).readLocust(locust, options)
  return k6 === undefined ? null : (await import('../loadtest/clients/k6.js')).readK6(k6, options)
}
