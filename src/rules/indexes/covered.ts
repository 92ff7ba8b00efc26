import {type Covered, coveredIndexes, dropIndex, indexBytes} from '../../derive/indexes.js'
import {defineRule, type FindingDraft, SEVERITIES} from '../../rule.js'
import {qualified, quoteIdent} from '../../sql/quote.js'
import {bytes, number} from '../../units.js'

export default defineRule({
  id: 'indexes/covered',
  title: 'Index that a wider one makes superfluous',
  category: 'indexes',
  needs: ['indexes'],
  options: {
    minBytes: {default: 1024 ** 2, unit: 'bytes', help: 'smaller indexes are left alone'},
    largeBytes: {default: 100 * 1024 ** 2, unit: 'bytes', help: 'medium from this size of the superfluous index on'},
    muchWider: {default: 4, unit: 'ratio', help: 'only info when the other index is this many times as large'},
  },
  severity: {
    medium: 'the superfluous index has largeBytes or more: disk, memory, and work for each write are wasted',
    low: 'the superfluous index is smaller: hygiene',
    info: 'the index that would take over is muchWider: reading it costs more, so keeping both can be right',
  },
  why:
    'A btree index on (a, b) finds rows by a just as well as one on (a) does. Keeping both means that each write ' +
    'pays twice and that both compete for memory, for answers that one of them gives.',
  references: ['https://www.postgresql.org/docs/current/indexes-multicolumn.html'],
  peers: ['PH', 'PB', 'PD', 'AI', 'IH', 'MC', 'CL'],
  check({indexes}, options) {
    const findings = coveredIndexes(indexes)
      .filter(({index}) => indexBytes(index) >= options.minBytes)
      .sort((a, b) => b.index.pages - a.index.pages)
      .map(covered => draft(covered, options))
      .sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity))
    return {
      summary:
        `${indexes.length} indexes were compared, ${findings.length || 'none'} of ${bytes(options.minBytes)} or more ` +
        'is covered by a wider one',
      findings: findings,
    }
  },
})

function draft({index, by}: Covered, limits: {largeBytes: number; muchWider: number}): FindingDraft {
  const name = qualified(index.schema, index.name)
  const heir = quoteIdent(by.name)
  const size = indexBytes(index)
  const growth = by.pages / Math.max(1, index.pages)
  const isWider = growth >= limits.muchWider
  return {
    severity: isWider ? 'info' : size >= limits.largeBytes ? 'medium' : 'low',
    subject: name,
    title: `Index ${name} (${bytes(size)}) is covered by ${heir}`,
    detail:
      `Both are on ${qualified(index.schema, index.table)}, and the columns of the first lead the second, in the same ` +
      `order and with the same operator classes, collations and predicate. ${load(index.scans, heir)}` +
      (isWider
        ? ` But ${heir} is ${number(growth)} times as large, and reading it takes that much longer when many rows match.`
        : ''),
    evidence: [
      {label: 'size', value: size, unit: 'bytes', source: 'pg_class.relpages'},
      {label: `size of ${heir}`, value: indexBytes(by), unit: 'bytes', source: 'pg_class.relpages'},
      {label: `scans of ${quoteIdent(index.name)}`, value: index.scans, unit: 'count', source: 'pg_stat_all_indexes'},
      {label: `scans of ${heir}`, value: by.scans, unit: 'count', source: 'pg_stat_all_indexes'},
    ],
    confidence: isWider ? 'estimated' : 'measured',
    fixes: [
      dropIndex(
        index,
        `Drop ${name}, keep ${heir}`,
        'If a migration of the application creates it, remove it there as well (Django: db_index=False, as the first ' +
          'field of another index or unique constraint has one already).',
      ),
    ],
  }
}

const load = (scans: number, heir: string) =>
  scans === 0
    ? 'It was not scanned since the statistics began.'
    : `It is in use, with ${number(scans)} scans: ${heir} will serve these.`
