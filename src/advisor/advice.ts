import type {PlanNode, PreparedIndex} from '../whatif/planner.js'
import type {ExistingIndex} from './catalog.js'
import type {Question, WorkloadStatement} from './costs.js'
import type {Unplannable} from './questions.js'

/** What an index brings to one statement, in the planner's units for one call. */
export type Served = {
  question: Question
  statement: WorkloadStatement
  before: number
  after: number
  /** of the likeliest values, where they were asked for */
  plans?: {before: PlanNode; after: PlanNode}
}

export type Recommendation = {
  index: PreparedIndex
  /** of the workload's cost, what would be lost without it, percent of what it costs now; writes are subtracted */
  gainPercent: number
  /** the planner's units, over the whole workload */
  gain: number
  writeCost: number
  /** percent of the workload's updates of the table that change a column of the index: they are not HOT any more */
  notHotPercent: number
  /** statements whose cost it lowers, the largest gain first */
  serves: Served[]
  /** existing indexes that it makes superfluous */
  replaces: ExistingIndex[]
}

/** The best of the candidates that were not taken. */
export type Refusal = {
  indexes: PreparedIndex[]
  statement: WorkloadStatement
  before: number
  after: number
  reason: string
}

export type Advice = {
  recommendations: Recommendation[]
  /** null: there was no candidate at all, or all of them were taken */
  closest: Refusal | null
  /** weighted cost of the statements that could be planned */
  before: number
  /** with all recommendations, what they cost the writes not counted */
  after: number
  writeCost: number
  statements: number
  candidates: number
  unplannable: Unplannable[]
  /** bytes */
  budget: number
  bytes: number
}
