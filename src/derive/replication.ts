import type {Replica} from '../snapshot.js'
import {quoteIdent} from '../sql/quote.js'

/** Standbys and subscribers name themselves; the address stands for those that do not. */
export const replicaName = ({application, clientAddr, pid}: Replica): string =>
  `standby ${quoteIdent(application || clientAddr || `pid ${pid}`)}`

/** How many standbys have to confirm a commit: `FIRST 2 (a, b)`, `ANY 1 (a, b)`, `2 (a, b)`, `a, b`. */
export function requiredStandbys(names: string): number {
  if (names.trim() === '') return 0
  const match = /^\s*(?:(?:FIRST|ANY)\s+)?(\d+)\s*\(/i.exec(names)
  return match ? Number(match[1]) : 1
}
