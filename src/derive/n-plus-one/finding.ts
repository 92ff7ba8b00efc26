import type {FindingDraft} from '../../rule.js'
import type {Application, Section, StatementsInfo} from '../../snapshot.js'
import {qualified} from '../../sql/quote.js'
import {number} from '../../units.js'
import type {Query} from '../queries.js'
import {loopFix} from './advice.js'
import {loopEvidence, loopSubject, rootOf} from './evidence.js'
import type {Loop} from './loops.js'

type Sources = {application: Section<Application>; statementsInfo: StatementsInfo /** percent */; tolerance: number}

/** One finding for each looked-up table and column: the severest, then the one with most calls. */
export function loopFindings(loops: readonly Loop[], sources: Sources): FindingDraft[] {
  const order = ['high', 'medium']
  const drafts = loops
    .map(loop => ({calls: loop.lookup.family.calls, draft: draft(loop, loops, sources)}))
    .sort(
      (a, b) =>
        order.indexOf(a.draft.severity) - order.indexOf(b.draft.severity) ||
        b.calls - a.calls ||
        (a.draft.subject < b.draft.subject ? -1 : 1),
    )
    .map(each => each.draft)
  return drafts.filter((each, at) => drafts.findIndex(({subject}) => subject === each.subject) === at)
}

function draft(loop: Loop, all: readonly Loop[], {application, statementsInfo, tolerance}: Sources): FindingDraft {
  const {lookup, fanOut, deviation, isDeclared, baseline, window, isSure} = loop
  const isClose = Math.abs(deviation) * 100 <= tolerance * lookup.family.calls
  const isExact = isDeclared && isClose && isSure && baseline === null && window === null
  const {schema, table} = rootOf(loop).parents[0]!.column
  return {
    severity: isExact ? 'high' : 'medium',
    subject: loopSubject(loop),
    title: `N+1: ${number(fanOut)} queries of ${loopSubject(loop)} for each list of ${qualified(schema, table)}`,
    detail: [
      window
        ? 'While the server was watched, its calls rose and fell with the rows of its parent.'
        : 'It was called once for each row that its parent returned.',
      ...(baseline ? ['The remaining calls are as many as those of a statement that begins each request.'] : []),
      ...(isDeclared ? [] : ['No foreign key says that the two belong together: their names do.']),
      ...(isSure || window || !isClose || baseline
        ? []
        : ['So many statements come near that the match could be chance.']),
      ...(isClose ? [] : ['Loops were under way when the counters were read: the numbers differ by what was left.']),
    ].join(' '),
    evidence: loopEvidence(loop, all, statementsInfo),
    confidence: isExact ? 'measured' : 'estimated',
    fixes: [loopFix(loop, application)],
  }
}

const NAMED = 3

/** Texts that do not parse, counted and named. */
export function unreadText(unread: readonly Query[]): string {
  const names = unread.slice(0, NAMED).map(({queryid}) => queryid)
  const what = unread.length === 1 ? '1 text does' : `${number(unread.length)} texts do`
  return `${what} not parse (query ${names.join(', ')}${unread.length > NAMED ? ', ...' : ''})`
}
