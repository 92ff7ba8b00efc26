import type {CodeLines} from '../advisor/framework-lines.js'
import type {IndexDefinition} from '../whatif/planner.js'

/**
 * What costing candidates on a private server told, for the statements that cost most. Statements are told by their
 * `queryid`; costs are the planner's.
 */
export type IndexAdvice = {
  /** statements that were planned; 0: no statement was worth it */
  statements: number
  candidates: number
  /** of those statements, weighted by their calls */
  before: number
  after: number
  recommended: AdvisedIndex[]
  /** the best of the candidates that were refused */
  closest: {definitions: string[]; queryid: string; before: number; after: number; reason: string} | null
  /** what makes the costs less faithful, for people */
  notes: string[]
}

export type AdvisedIndex = {
  /** quoted and qualified; free, and within the limits of the application's framework */
  name: string
  definition: IndexDefinition
  /** what stands behind ON in CREATE INDEX */
  text: string
  /** estimated, deduplication included */
  bytes: number
  /** of the cost before, writes subtracted */
  gainPercent: number
  writePercent: number
  serves: {queryid: string; calls: number; before: number; after: number}[]
  create: string[]
  undo: string[]
  verify: string[]
  lock: string
  /** existing indexes that it makes superfluous */
  replaces: {name: string; bytes: number; drop: string; undo: string | null}[]
  /** the same in the application's language; null: it has no words for it */
  code: CodeLines | null
}
