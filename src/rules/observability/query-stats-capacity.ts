import {turnoverOf} from '../../derive/statements-state.js'
import {defineRule, type Evidence, type FindingDraft, type FixRequest} from '../../rule.js'
import type {Section, StatementFamilies, StatementFamily, StatementsInfo} from '../../snapshot.js'
import {number, seconds} from '../../units.js'

const NAME = 'pg_stat_statements'

export default defineRule({
  id: 'observability/query-stats-capacity',
  title: 'pg_stat_statements forgets statements before anybody looks',
  category: 'observability',
  needs: ['server', 'statementsInfo'],
  uses: ['statementFamilies'],
  options: {
    turnover: {default: 48 * 3600, unit: 'seconds', help: 'medium when all entries are replaced within this time'},
    full: {default: 95, unit: 'percent', help: 'before 14, which counts no evictions: share of the entries in use'},
    flood: {default: 20, unit: 'percent', help: 'name a family of statements that holds this share of the entries'},
    largest: {default: 10_000, unit: 'count', help: 'do not advise more entries than this'},
  },
  severity: {
    medium: 'statements are forgotten within turnover: totals are too low, and what runs rarely is never seen',
  },
  why:
    'pg_stat_statements keeps the most used shapes of statements and drops the others. Names that an application makes ' +
    'up each time (savepoints, cursors, temporary tables) and lists of every length fill it with entries used once.',
  references: ['https://www.postgresql.org/docs/current/pgstatstatements.html'],
  peers: ['PD', 'PB', 'CA'],
  check({server, statementsInfo: info, statementFamilies}, options) {
    const used = `${number(info.entries)} of at most ${number(info.maxEntries)} statements`
    const cycle = turnoverOf(info, server.now)
    if (info.evictions === null) {
      const isFull = (info.entries / info.maxEntries) * 100 >= options.full
      const summary = `${used}; evictions are not counted by ${NAME} ${info.extensionVersion}`
      return {summary, findings: isFull ? [draft(info, null, used, statementFamilies, options)] : []}
    }
    const rate = cycle === null ? 'not replaced once' : `replaced every ${seconds(cycle)}`
    const summary = `${used}, ${number(info.evictions)} evictions: ${rate}`
    if (cycle === null || cycle > options.turnover) return {summary, findings: []}
    return {summary, findings: [draft(info, cycle, used, statementFamilies, options)]}
  },
})

type Limits = {flood: number; largest: number}

function draft(
  info: StatementsInfo,
  cycle: number | null,
  used: string,
  families: Section<StatementFamilies>,
  {flood, largest}: Limits,
): FindingDraft {
  const first = families.ok ? families.data.families[0] : undefined
  const share = first && families.ok ? (first.entries / families.data.entries) * 100 : 0
  const culprit = first && share >= flood ? first : null
  const evidence: Evidence[] = [
    {label: 'entries', value: used, source: NAME},
    {label: 'evictions', value: info.evictions ?? 'not counted', source: `${NAME}_info.dealloc`},
    ...(cycle === null
      ? []
      : [
          {label: 'all replaced within', value: cycle, unit: 'seconds' as const, source: 'evictions since stats_reset'},
        ]),
    ...(culprit
      ? [{label: 'largest family', value: `${number(culprit.entries)} x ${culprit.text}`, source: NAME}]
      : []),
  ]
  return {
    severity: 'medium',
    subject: `${NAME}.max`,
    title: cycle === null ? `${NAME} is full` : `${NAME} replaces all its entries every ${seconds(cycle)}`,
    detail: culprit
      ? `${number(share)} % of the entries are one statement in many spellings: ${culprit.text}`
      : families.ok
        ? 'No single family of statements causes it: there are more shapes than entries.'
        : `Which statements cause it was not seen (${families.message}).`,
    evidence,
    confidence: cycle === null ? 'estimated' : 'measured',
    fixes: fixes(culprit, info, largest),
  }
}

const ANEW = `Old evictions are still counted afterwards: SELECT ${NAME}_reset() starts anew.`

function fixes(culprit: StatementFamily | null, info: StatementsInfo, largest: number): FixRequest[] {
  const to = Math.min(Math.max(5000, info.maxEntries * 2), Math.max(largest, info.maxEntries * 2))
  const raise: FixRequest = {kind: 'setting', name: `${NAME}.max`, to: `${to}`, note: ANEW}
  if (!culprit) return [raise]
  if (culprit.isUtility) {
    const note = `COPY, CREATE TABLE AS, REFRESH and CALL are then not counted either. ${ANEW}`
    return [{kind: 'setting', name: `${NAME}.track_utility`, to: 'off', note}, raise]
  }
  return culprit.isList ? [raise, LISTS] : [raise]
}

const LISTS: FixRequest = {
  kind: 'app',
  title: 'Pass the list as one array parameter: one shape for every length (PostgreSQL 18 does that by itself)',
  by: {
    django: {
      where: 'the query',
      lines: ["Model.objects.raw('SELECT ... WHERE id = ANY(%s)', [ids])   # instead of filter(id__in=ids)"],
    },
    rails: {where: 'the query', lines: ["Model.where('id = ANY(ARRAY[?]::bigint[])', ids)"]},
    plain: {where: 'the query', lines: ['WHERE id = ANY($1)   -- instead of IN ($1, $2, ...)']},
  },
}
