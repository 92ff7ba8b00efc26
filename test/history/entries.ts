import type {HistoryEntry, HistoryTarget} from '../../src/history/store.js'
import {snapshot} from '../loadtest/builders.js'
import {report, result} from '../render/sample.js'

export const TARGET: HistoryTarget = {host: 'db.example', port: 5432, database: 'ahsp'}

/** An entry that the store takes and gives back; `filler` makes it as large as a test needs. */
export function entry(at: number, target: HistoryTarget = TARGET, filler = ''): HistoryEntry {
  const whole = {...target, user: 'app'}
  const taken = snapshot({})
  return {
    format: 'ahsp-db/history',
    version: 1,
    snapshot: {...taken, target: whole, collectedAt: at, warnings: [filler]},
    report: report([result('connections/exhaustion', {})], {target: whole, collectedAt: at}),
  }
}
