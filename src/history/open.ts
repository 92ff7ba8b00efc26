import {DEFAULT_PLACE, folderHistory} from './folder.js'
import type {History} from './store.js'

/** A connection string; anything else is a folder. */
export const isDatabase = (place: string): boolean =>
  /^postgres(ql)?:\/\//.test(place) || /^\s*(host|hostaddr|port|dbname|service|user)\s*=/.test(place)

/**
 * The history at a place that a person named: a folder (which need not be there yet), or the database of a connection
 * string. Throws CliError when that cannot be reached.
 */
export async function openHistory(place: string = DEFAULT_PLACE, env = process.env): Promise<History> {
  if (!isDatabase(place)) return folderHistory(place)
  const {databaseHistory} = await import('./postgres.js')
  return databaseHistory(place, env)
}
