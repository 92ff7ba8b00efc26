import {lookedAt, MOST, type Query, queriesOf, queryEvidence, querySubject, shownText} from '../../derive/queries.js'
import {isWrite} from '../../derive/statement-text.js'
import {defineRule, type FindingDraft, type FixRequest} from '../../rule.js'
import {number} from '../../units.js'

export default defineRule({
  id: 'queries/too-many-rows',
  title: 'Statement that returns more rows than anybody reads',
  category: 'queries',
  needs: ['server', 'statements', 'statementTexts', 'statementsInfo'],
  options: {
    rows: {default: 10_000, unit: 'count', help: 'rows per call'},
    minCalls: {default: 20, unit: 'count', help: 'what runs less often is an export or a nightly job'},
    minShare: {default: 0.5, unit: 'percent', help: 'it must take this share of the time of all statements'},
    highShare: {default: 5, unit: 'percent', help: 'medium from this share on'},
  },
  severity: {
    medium: 'it takes highShare of all statement time: the rest of the application waits for its rows',
    low: 'it takes less, but the application keeps all these rows in memory',
  },
  why:
    'Nobody reads ten thousand rows. All of them are sent through the network and kept in the memory of the ' +
    'application, and the time for that is not even counted by PostgreSQL.',
  references: ['https://www.postgresql.org/docs/current/queries-limit.html'],
  peers: ['FA'],
  check(input, options) {
    const queries = queriesOf(input)
    const found = queries.filter(
      query =>
        query.rows / query.calls > options.rows &&
        query.calls >= options.minCalls &&
        query.share >= options.minShare &&
        !isWrite(query.text) &&
        !LIMITED.test(query.text),
    )
    return {
      summary: lookedAt(
        found.length,
        queries,
        `return more than ${number(options.rows)} rows per call without a limit`,
      ),
      findings: found.slice(0, MOST).map(query => draft(query, options.highShare)),
    }
  },
})

const LIMITED = /\bLIMIT\b|\bFETCH\s+(?:FIRST|NEXT)\b/i

function draft(query: Query, highShare: number): FindingDraft {
  const perCall = Math.round(query.rows / query.calls)
  return {
    severity: query.share >= highShare ? 'medium' : 'low',
    subject: querySubject(query),
    title: `A statement without LIMIT returns ${number(perCall)} rows at each call`,
    detail: `${shownText(query)} - Not seen from here: what the application does with them. An export may need all.`,
    evidence: queryEvidence(query, {label: 'rows per call', value: perCall, unit: 'count'}),
    confidence: 'measured',
    fixes: [pages],
  }
}

const pages: FixRequest = {
  kind: 'app',
  title: 'Ask for one page, and only for the columns that are shown',
  by: {
    django: {
      where: 'views.py',
      lines: [
        "rows = Model.objects.only('id', 'name').order_by('id')",
        'page = Paginator(rows, 20).get_page(request.GET.get("page"))',
        '# an export: one batch after the other instead of all at once',
        'for row in rows.iterator(chunk_size=1000): ...',
      ],
    },
    rails: {
      where: 'the code that runs it',
      lines: ['Model.select(:id, :name).limit(20)', 'Model.find_each(batch_size: 1000) { |row| ... }'],
    },
    prisma: {
      where: 'the code that runs it',
      lines: ['db.model.findMany({take: 20, cursor: {id: last}, select: {id: true, name: true}})'],
    },
    sequelize: {
      where: 'the code that runs it',
      lines: ["Model.findAll({limit: 20, where: {id: {[Op.gt]: last}}, order: ['id']})"],
    },
    plain: {where: 'the code that runs it', lines: ['SELECT id, name FROM ... WHERE id > $1 ORDER BY id LIMIT 20']},
  },
}
