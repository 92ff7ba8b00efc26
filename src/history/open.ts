import {DEFAULT_PLACE, folderHistory} from './folder.js'
import type {History} from './store.js'

/** The history at a place that a person named. */
export async function openHistory(place: string = DEFAULT_PLACE): Promise<History> {
  return folderHistory(place)
}
