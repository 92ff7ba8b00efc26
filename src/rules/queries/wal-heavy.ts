import {lookedAt, MOST, type Query, queriesOf, queryEvidence, querySubject, shownText} from '../../derive/queries.js'
import {defineRule, type FindingDraft, type FixRequest} from '../../rule.js'
import {bytes, number} from '../../units.js'

export default defineRule({
  id: 'queries/wal-heavy',
  title: 'Statement that writes much WAL at each call',
  category: 'queries',
  needs: ['server', 'statements', 'statementTexts', 'statementsInfo'],
  options: {
    perCall: {default: 1024 ** 2, unit: 'bytes', help: 'WAL written at each call'},
    minCalls: {default: 100, unit: 'count', help: 'what runs less often is a batch job'},
    minShare: {default: 10, unit: 'percent', help: 'it must write this share of the WAL of all statements'},
    highShare: {default: 50, unit: 'percent', help: 'medium from this share on'},
  },
  severity: {
    medium: 'it writes highShare of all WAL: checkpoints, replicas, archive and backups follow this one statement',
    low: 'it writes less of it',
  },
  why:
    'All WAL is written to disk before a commit returns, sent to each replica, archived, and read again in a recovery. ' +
    'A statement that changes many rows though few of them are different pays all that for nothing.',
  references: ['https://www.postgresql.org/docs/current/wal-configuration.html'],
  peers: ['FA'],
  check(input, options) {
    if (input.statements.length > 0 && input.statements.every(({walBytes}) => walBytes === null)) {
      return {cannotJudge: `pg_stat_statements ${input.statementsInfo.extensionVersion} does not count WAL (1.8 does)`}
    }
    const queries = queriesOf(input)
    // Of all databases and of utility statements as well.
    const all = input.statements.reduce((sum, {walBytes}) => sum + (walBytes ?? 0), 0)
    const share = ({walBytes}: Query) => (all > 0 ? ((walBytes ?? 0) / all) * 100 : 0)
    const heavy = queries
      .filter(
        query =>
          (query.walBytes ?? 0) / query.calls > options.perCall &&
          query.calls >= options.minCalls &&
          share(query) >= options.minShare,
      )
      .sort((a, b) => b.walBytes! - a.walBytes!)
    return {
      summary: lookedAt(heavy.length, queries, `write more than ${bytes(options.perCall)} of WAL per call`),
      findings: heavy.slice(0, MOST).map(query => draft(query, share(query), options.highShare)),
    }
  },
})

function draft(query: Query, share: number, highShare: number): FindingDraft {
  const {walBytes, calls, rows} = query
  const perCall = walBytes! / calls
  return {
    severity: share >= highShare ? 'medium' : 'low',
    subject: querySubject(query),
    title: `A statement writes ${bytes(perCall)} of WAL at each call, ${number(Math.round(share))} % of all`,
    detail:
      `${shownText(query)} - Not seen from here: how many of the rows really changed, and how much of it are whole ` +
      'pages after a checkpoint (wal/compression, wal/max-wal-size).',
    evidence: queryEvidence(
      query,
      {label: 'WAL per call', value: perCall, unit: 'bytes'},
      {label: 'share of the WAL of all statements', value: share, unit: 'percent'},
      {label: 'rows per call', value: rows / calls, unit: 'count'},
      {label: 'WAL per row', value: rows > 0 ? walBytes! / rows : 0, unit: 'bytes'},
    ),
    confidence: 'measured',
    fixes: [onlyChanges],
  }
}

const onlyChanges: FixRequest = {
  kind: 'app',
  title: 'Write only the rows that change',
  note: 'Each index on a column that is changed adds its own WAL: drop those that nothing reads (indexes/unused).',
  by: {
    django: {
      where: 'the code that runs it',
      lines: ['Model.objects.filter(...).exclude(status=new).update(status=new)', "obj.save(update_fields=['status'])"],
    },
    rails: {where: 'the code that runs it', lines: ['Model.where(...).where.not(status: new).update_all(status: new)']},
    plain: {
      where: 'the code that runs it',
      lines: ['UPDATE ... SET status = $1 WHERE ... AND status IS DISTINCT FROM $1'],
    },
  },
}
