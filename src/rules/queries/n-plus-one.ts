import {loopFix} from '../../derive/n-plus-one/advice.js'
import {loopEvidence, loopSubject, rootOf} from '../../derive/n-plus-one/evidence.js'
import {findLoops, type Loop, readWorkload} from '../../derive/n-plus-one/loops.js'
import {schemaOf} from '../../derive/n-plus-one/references.js'
import {allQueriesOf} from '../../derive/queries.js'
import {defineRule, type FindingDraft, type Severity} from '../../rule.js'
import type {Activity, Application, Section, StatementsInfo} from '../../snapshot.js'
import {qualified} from '../../sql/quote.js'
import {number} from '../../units.js'

export default defineRule({
  id: 'queries/n-plus-one',
  title: 'One query for each row of another (N+1)',
  category: 'queries',
  needs: ['server', 'statements', 'statementTexts', 'statementsInfo', 'tables', 'foreignKeys'],
  uses: ['indexes', 'application', 'activity'],
  options: {
    tolerance: {default: 0.5, unit: 'percent', help: 'how far calls and rows may be apart: counters of a busy server'},
    minFanOut: {default: 3, unit: 'count', help: 'look-ups per page; one or two are a detail page'},
    minCalls: {default: 50, unit: 'count', help: 'calls of the look-up: small numbers are equal by chance'},
    chance: {
      default: 0.05,
      unit: 'ratio',
      help: 'matches that chance alone may bring in the whole workload, one parent',
    },
    chanceOfPairs: {default: 0.02, unit: 'ratio', help: 'the same where the rows of two parents are added up'},
  },
  severity: {
    high: 'a look-up was called exactly as often as its parents returned rows, and a foreign key connects the two',
    medium: 'the same, but resting on names instead of foreign keys, on loops still under way, or on a third statement',
  },
  why:
    'A page reads a list, and then one more query for each row of it: a hundred rows are a hundred round trips. Each ' +
    'of them is fast, so no list of slow queries shows them; together they are most of what the page waits for.',
  references: [
    'https://docs.djangoproject.com/en/stable/ref/models/querysets/#select-related',
    'https://guides.rubyonrails.org/active_record_querying.html#eager-loading-associations',
  ],
  parses: ({statementTexts}) => statementTexts.length > 0,
  check(input, options) {
    const {tables, foreignKeys, indexes, application, activity, statementsInfo} = input
    const schema = schemaOf({tables, foreignKeys, indexes})
    const workload = readWorkload(allQueriesOf(input), schema)
    const loops = findLoops(workload, schema, {
      tolerance: options.tolerance / 100,
      minFanOut: options.minFanOut,
      minCalls: options.minCalls,
      atWork: sessionsAtWork(activity),
      chance: {one: options.chance, two: options.chanceOfPairs},
    })
    const findings = worstOfEach(
      loops.map(loop => draft(loop, loops, {application, statementsInfo, tolerance: options.tolerance})),
    )
    const {unread, read, lookups} = workload
    return {
      summary:
        `${number(read)} statements, ${number(lookups.length)} of them look-ups by a key: ` +
        `${findings.length ? number(findings.length) : 'none'} in a loop over the rows of another` +
        (unread.length > 0 ? `; ${unreadText(unread)}` : ''),
      findings,
    }
  },
})

const NAMED = 3

const unreadText = (unread: readonly {queryid: string | null}[]) =>
  `${number(unread.length)} texts do not parse (query ${unread
    .slice(0, NAMED)
    .map(({queryid}) => queryid)
    .join(', ')}${unread.length > NAMED ? ', ...' : ''})`

/** Their loops were under way when the counters were read: some rows have not been looked up yet. */
function sessionsAtWork(activity: Section<Activity>): number {
  if (!activity.ok) return 0
  return Math.max(0, ...activity.data.samples.map(({active, idleInTransaction}) => active + idleInTransaction))
}

type Sources = {application: Section<Application>; statementsInfo: StatementsInfo; tolerance: number}

function draft(loop: Loop, all: readonly Loop[], {application, statementsInfo, tolerance}: Sources): FindingDraft {
  const {lookup, fanOut, deviation, isDeclared, baseline} = loop
  const isClose = Math.abs(deviation) * 100 <= tolerance * lookup.family.calls
  const severity: Severity = isDeclared && isClose && baseline === null ? 'high' : 'medium'
  const {schema, table} = rootOf(loop).parents[0]!.column
  return {
    severity,
    subject: loopSubject(loop),
    title: `N+1: ${number(fanOut)} queries of ${loopSubject(loop)} for each list of ${qualified(schema, table)}`,
    detail: [
      'It was called once for each row that its parent returned.',
      ...(baseline ? ['The remaining calls are as many as those of a statement that begins each request.'] : []),
      ...(isDeclared ? [] : ['No foreign key says that the two belong together: their names do.']),
      ...(isClose ? [] : ['Loops were under way when the counters were read, so the numbers differ by what was left.']),
    ].join(' '),
    evidence: loopEvidence(loop, all, statementsInfo),
    confidence: severity === 'high' ? 'measured' : 'estimated',
    fixes: [loopFix(loop, application)],
  }
}

/** One finding for each subject: the severest, then the one with most calls. */
function worstOfEach(drafts: FindingDraft[]): FindingDraft[] {
  const weight = ({severity, evidence}: FindingDraft) => (severity === 'high' ? 1e15 : 0) + Number(evidence[0]!.value)
  const sorted = [...drafts].sort((a, b) => weight(b) - weight(a) || (a.subject < b.subject ? -1 : 1))
  return sorted.filter((each, at) => sorted.findIndex(({subject}) => subject === each.subject) === at)
}
