import {statisticsWindow} from '../../derive/window.js'
import {defineRule} from '../../rule.js'
import {quoteIdent} from '../../sql/quote.js'
import {seconds} from '../../units.js'

export default defineRule({
  id: 'observability/short-window',
  title: 'The statistics cover too short a time',
  category: 'observability',
  needs: ['server', 'databases'],
  uses: ['checkpoints'],
  options: {
    minWindow: {default: 3600, unit: 'seconds', help: 'history below which nightly jobs and peaks are not in it'},
  },
  severity: {info: 'the counters were reset less than minWindow ago: what they do not show may still happen'},
  why:
    'Slow statements, unused indexes and temporary files are told by counters, and these know nothing from before their ' +
    'last reset. After a crash they begin anew, too.',
  references: ['https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-PG-STAT-DATABASE-VIEW'],
  peers: ['PB'],
  check({server, databases, checkpoints}, {minWindow}) {
    const database = databases.find(({name}) => name === server.database)
    if (!database) return {cannotJudge: 'the counters of this database could not be read'}
    const window = statisticsWindow(database, server, checkpoints)
    const covered = seconds(window.seconds)
    if (!window.isExact) {
      const unknown = `the counters were never reset; they cover at least ${covered}, since ${window.source}`
      // Not reset is not short: a server that was restarted keeps its counters, one that crashed does not.
      return window.seconds < minWindow ? {cannotJudge: unknown} : {summary: unknown, findings: []}
    }
    const summary = `the statistics cover ${covered}`
    if (window.seconds >= minWindow) return {summary, findings: []}
    return {
      summary,
      findings: [
        {
          severity: 'info',
          subject: `database ${quoteIdent(database.name)}`,
          title: `The statistics cover only ${covered}`,
          detail: 'Rules that read counters may miss what happens rarely. What was before the reset was not seen.',
          evidence: [{label: 'time covered', value: window.seconds, unit: 'seconds', source: window.source}],
          confidence: 'measured',
          fixes: [
            {
              kind: 'action',
              title: 'Ask again when the counters have seen the usual load',
              risk: 'safe',
              steps: [
                `Wait until they cover ${seconds(minWindow)}, and do not reset them before.`,
                'Or watch while the load runs: ahsp-db check --window 5min',
              ],
            },
          ],
        },
      ],
    }
  },
})
