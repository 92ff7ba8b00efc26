import {loopFindings, unreadText} from '../../derive/n-plus-one/finding.js'
import {findLoops} from '../../derive/n-plus-one/loops.js'
import {schemaOf} from '../../derive/n-plus-one/references.js'
import {loopsUnderWay} from '../../derive/n-plus-one/under-way.js'
import {readWorkload} from '../../derive/n-plus-one/workload.js'
import {allQueriesOf} from '../../derive/queries.js'
import {defineRule} from '../../rule.js'
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
      default: 0.25,
      unit: 'ratio',
      help: 'matches that chance alone may bring in the whole workload, one parent',
    },
    chanceOfPairs: {default: 0.05, unit: 'ratio', help: 'the same where the rows of two parents are added up'},
    minIntervals: {default: 8, unit: 'count', help: 'with --window: readings of the counters that it takes'},
    minFit: {default: 0.9, unit: 'ratio', help: 'with --window: R squared of calls over rows'},
    maxSlope: {default: 1.25, unit: 'ratio', help: 'with --window: look-ups per row; more is no loop over these rows'},
    minExplained: {default: 25, unit: 'percent', help: 'with --window: share of the calls that the rows explain'},
  },
  severity: {
    high: 'a look-up was called exactly as often as its parents returned rows, and a foreign key connects the two',
    medium:
      'the same, but resting on names, on loops under way, on a third statement or on a window; or it could be chance',
  },
  why:
    'A page reads a list, and then one more query for each row of it: a hundred rows are a hundred round trips. Each ' +
    'of them is fast, so no list of slow queries shows them; together they are most of what the page waits for.',
  references: [
    'https://docs.djangoproject.com/en/stable/ref/models/querysets/#select-related',
    'https://guides.rubyonrails.org/active_record_querying.html#eager-loading-associations',
  ],
  parses: ({statementTexts}) => statementTexts.length > 0,
  check(input, options, _context, window) {
    const {tables, foreignKeys, indexes, application, activity, statementsInfo} = input
    const schema = schemaOf({tables, foreignKeys, indexes})
    const workload = readWorkload(allQueriesOf(input), schema)
    const limits = {
      tolerance: options.tolerance / 100,
      minFanOut: options.minFanOut,
      minCalls: options.minCalls,
      underWay: loopsUnderWay(activity),
      chance: {one: options.chance, two: options.chanceOfPairs},
    }
    const loops = findLoops(
      workload,
      schema,
      limits,
      window?.statements
        ? {
            samples: window.statements,
            limits: {
              minIntervals: options.minIntervals,
              fit: options.minFit,
              maxSlope: options.maxSlope,
              minFanOut: options.minFanOut,
              minCalls: options.minCalls,
              share: options.minExplained / 100,
            },
          }
        : null,
    )
    const findings = loopFindings(loops, {application, statementsInfo, tolerance: options.tolerance})
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
