import {safeJson} from './json.js'
import type {Machine} from './machine.js'
import {hasReport, type Outcome, outcomeName} from './outcome.js'
import {findingsBySeverity} from './summary.js'

/**
 * One JSON object a line, for log pipelines: `type` finding for each finding, then one verdict for the server; in its
 * place error, when there is no report.
 */
export const jsonl: Machine<string[]> = {
  part: outcome => linesOf(outcome).map(line => safeJson(line, 0)),
  whole: parts => parts.flat().join(''),
}

function linesOf(outcome: Outcome): object[] {
  const target = outcomeName(outcome)
  if (!hasReport(outcome)) {
    const {code, message} = outcome.error ?? {code: 'UNKNOWN', message: 'no report'}
    return [{type: 'error', target, code, message}]
  }
  // It is a part of the report, and must not be taken for one.
  const {results, ignored, target: place, collectedAt, format: _, version: __, ...report} = outcome.report
  const unjudged = results.filter(({status}) => status === 'skipped' || status === 'error')
  return [
    ...findingsBySeverity(outcome.report).map(finding => ({type: 'finding', target, at: collectedAt, ...finding})),
    {
      type: 'verdict',
      target,
      at: collectedAt,
      place,
      ...report,
      unjudged: unjudged.map(({rule, status, summary, cure}) => ({rule, status, summary, ...(cure && {cure})})),
      ignored,
    },
  ]
}
