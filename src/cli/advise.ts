import type {AdviceOptions} from '../advisor/advise.js'
import type {IndexesReport} from '../advisor/report.js'
import {detectFramework} from '../fix/framework.js'
import type {Snapshot} from '../snapshot.js'
import {hideLiterals} from './hide-literals.js'
import {type PlanningRequest, withPlanning} from './planning.js'

const UNWRITTEN = 'only SELECT is planned on the server itself: what indexes cost the writes is not counted'

/** Plans the workload and tells which indexes pay. Throws CliError as withPlanning does. */
export function adviseIndexes(snapshot: Snapshot, request: AdviceOptions & PlanningRequest): Promise<IndexesReport> {
  return withPlanning(snapshot, request, async ({schema, catalog, workload, open}) => {
    const {planner, notes} = await open()
    const {advise} = await import('../advisor/advise.js')
    const {longerIndexes} = await import('../advisor/longer.js')
    const {indexesReport} = await import('../advisor/report.js')
    const advice = await advise(planner, catalog, workload.statements, request)
    if (planner.kind === 'hypopg') notes.push(UNWRITTEN)
    const longer = await longerIndexes(planner, catalog, workload.statements, advice)
    const framework = detectFramework(snapshot.sections.application)
    const report = indexesReport(advice, {snapshot, schema, framework, planner: planner.kind, notes, longer})
    return request.log ? hideLiterals(report) : report
  })
}
