import {type Duplicate, dropIndex, duplicateIndexes, indexBytes} from '../../derive/indexes.js'
import {defineRule, type FindingDraft} from '../../rule.js'
import {qualified, quoteIdent} from '../../sql/quote.js'
import {bytes} from '../../units.js'

export default defineRule({
  id: 'indexes/duplicate',
  title: 'Index that exists twice',
  category: 'indexes',
  needs: ['indexes'],
  options: {
    largeBytes: {default: 10 * 1024 ** 2, unit: 'bytes', help: 'medium from this size of the superfluous index on'},
  },
  severity: {
    medium: 'the superfluous index has largeBytes or more: disk, memory, and work for each write are wasted',
    low: 'the superfluous index is smaller: hygiene',
  },
  why:
    'Two indexes that are the same in everything but their name answer no question that one would not answer. ' +
    'Each write pays for both, and both want to be kept in memory.',
  references: ['https://www.postgresql.org/docs/current/indexes-intro.html'],
  check({indexes}, options) {
    const findings = duplicateIndexes(indexes)
      .sort((a, b) => b.index.pages - a.index.pages)
      .map(duplicate => draft(duplicate, options.largeBytes))
    return {
      summary: `${indexes.length} indexes were compared, ${findings.length || 'none'} of them is there twice`,
      findings: findings,
    }
  },
})

function draft({index, twin}: Duplicate, largeBytes: number): FindingDraft {
  const name = qualified(index.schema, index.name)
  const size = indexBytes(index)
  const kept = twin.constraint === null ? '' : ', which a constraint needs'
  return {
    severity: size >= largeBytes ? 'medium' : 'low',
    subject: name,
    title: `Index ${name} is the same as ${quoteIdent(twin.name)} (${bytes(size)})`,
    detail:
      `Both are on ${qualified(index.schema, index.table)}, with the same columns, order, operator classes and ` +
      `predicate. Queries will use ${quoteIdent(twin.name)}${kept}. Not seen from here: hints or monitoring that name ` +
      'the index.',
    evidence: [
      {label: 'size', value: size, unit: 'bytes', source: 'pg_class.relpages'},
      {label: `scans of ${quoteIdent(index.name)}`, value: index.scans, unit: 'count', source: 'pg_stat_all_indexes'},
      {label: `scans of ${quoteIdent(twin.name)}`, value: twin.scans, unit: 'count', source: 'pg_stat_all_indexes'},
    ],
    confidence: 'measured',
    fixes: [
      dropIndex(
        index,
        `Drop ${name}, keep ${quoteIdent(twin.name)}`,
        'If a migration of the application creates it, remove it there as well (Django: db_index, Meta.indexes).',
      ),
    ],
  }
}
