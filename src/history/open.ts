import {DEFAULT_PLACE, folderHistory} from './folder.js'
import type {History} from './store.js'

export const isDatabase = (place: string): boolean =>
  /^postgres(ql)?:\/\//.test(place) || /(^|\s)(host|dbname|service|user)\s*=/.test(place)

/** The history at a place that a person named: a folder, or a connection string of a database. */
export async function openHistory(
  place: string = DEFAULT_PLACE,
  env: NodeJS.ProcessEnv = process.env,
): Promise<History> {
  if (!isDatabase(place)) return folderHistory(place)
  const {databaseHistory} = await import('./postgres.js')
  return databaseHistory(place, env)
}
