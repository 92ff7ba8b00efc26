import {number} from '../../../units.js'
import {ACTIVITY, type Cause, LEAST_SESSIONS, NO_SESSIONS} from '../cause.js'
import type {Facts} from '../facts.js'

export default {
  id: 'CPU',
  title: "The server's processors were busy",
  rules: ['queries/slow', 'indexes/missing', 'queries/cacheable', 'queries/planning-heavy', 'tables/seq-scan-heavy'],
  check({facts}) {
    const {sessions, cores} = facts
    if (!sessions) return NO_SESSIONS
    const running = sessions.running / sessions.looks
    if (cores === null)
      return {cannotJudge: `${number(running)} sessions ran on average; its cores are not known (--cpus N)`}
    const reached = sessions.running >= LEAST_SESSIONS ? running / cores : 0
    const top = topStatement(facts)
    return {
      reached,
      fires: reached >= 1,
      isMaterial: true,
      summary: `sessions that wanted to run: ${number(running)} on average, on ${cores} cores${top ? `; most of the time: ${top.text}` : ''}`,
      confidence: 'measured',
      evidence: [
        {label: 'active without a wait event', value: running, source: ACTIVITY},
        {label: 'cores', value: cores, source: 'as told (--cpus)'},
        ...(top
          ? [
              {
                label: `share of the time: ${top.text}`,
                value: top.percent,
                unit: 'percent' as const,
                source: top.source,
              },
            ]
          : []),
      ],
      look: ['The statement on top: fewer calls (a cache), a better plan, or less work for each.'],
    }
  },
} satisfies Cause as Cause

/** By the server's own times where it has them, otherwise by what was seen active. */
function topStatement({run, sessions}: Facts): {text: string; percent: number; source: string} | null {
  const times = new Map<string, number>()
  for (const {queryid, totalMs} of run.counters.flatMap(({statements}) => statements ?? [])) {
    times.set(queryid, (times.get(queryid) ?? 0) + totalMs)
  }
  const all = [...times.values()].reduce((sum, ms) => sum + ms, 0)
  const top = [...times].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))[0]
  if (top && all > 0) {
    const text = run.texts.get(top[0]) ?? `query ${top[0]}`
    return {text, percent: (top[1] / all) * 100, source: 'pg_stat_statements'}
  }
  const seen = sessions?.statements[0]
  return seen ? {text: seen.text, percent: (seen.count / Math.max(1, sessions.active)) * 100, source: ACTIVITY} : null
}
