import {dropIndex, indexBytes, SHARED} from '../../derive/indexes.js'
import {defineRule, type FindingDraft, type FixRequest} from '../../rule.js'
import type {InvalidIndex} from '../../snapshot.js'
import {qualified} from '../../sql/quote.js'

export default defineRule({
  id: 'indexes/invalid',
  title: 'Index that a failed build left behind',
  category: 'indexes',
  needs: ['server', 'invalidIndexes'],
  options: {},
  severity: {
    medium: 'an index that somebody wanted: no query uses it, and its uniqueness is not assured',
    low: 'what is left of a REINDEX or DROP INDEX: the real index is there or was not wanted any more',
  },
  why:
    'When CREATE INDEX CONCURRENTLY or REINDEX CONCURRENTLY is interrupted, it leaves an index that no query may use ' +
    'but that, more often than not, each write still has to maintain. Everybody believes that the index exists.',
  references: ['https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY'],
  peers: ['PH', 'PD', 'PB', 'DA', 'IH'],
  check({server, invalidIndexes}) {
    // A partitioned index is invalid until each partition has its own: that is how it is built without locks.
    const own = invalidIndexes.filter(({isPartitioned}) => !isPartitioned)
    const left = own.filter(({isBuilding}) => !isBuilding)
    if (server.inRecovery && left.length > 0) {
      return {
        cannotJudge: `${left.length} invalid indexes, which the primary may be building now`,
        cure: 'ahsp-db check --only indexes/invalid   # on the primary',
      }
    }
    const building = own.length - left.length
    return {
      summary:
        `${left.length || 'no'} invalid index` +
        (building > 0 ? `, apart from ${building} on which a build works at this moment` : ''),
      findings: left.map(draft),
    }
  },
})

/** Names that REINDEX CONCURRENTLY gives: to the copy that it builds, and to the original that it replaced. */
const originOf = ({name}: InvalidIndex) => /_(ccnew|ccold)\d*$/.exec(name)?.[1] as 'ccnew' | 'ccold' | undefined

function draft(index: InvalidIndex): FindingDraft {
  const name = qualified(index.schema, index.name)
  const origin = originOf(index)
  const isWanted = origin === undefined && index.isLive
  const drop = dropIndex(
    index,
    isWanted ? `Or drop ${name}, when nobody wants it any more` : `Drop ${name}`,
    origin === 'ccnew' ? 'Then repeat the REINDEX CONCURRENTLY, if its reason is still there.' : undefined,
  )
  return {
    severity: isWanted ? 'medium' : 'low',
    subject: name,
    title: `Index ${name} is invalid: ${origin ? `left over from REINDEX (_${origin})` : 'its build failed'}`,
    detail: `${meaning(index, origin)} ${costOf(index)}`,
    evidence: [
      {label: 'valid', value: 'no', source: 'pg_index.indisvalid'},
      {label: 'maintained by writes', value: index.isReady ? 'yes' : 'no', source: 'pg_index.indisready'},
      {label: 'size', value: indexBytes(index), unit: 'bytes', source: 'pg_class.relpages'},
    ],
    confidence: 'measured',
    // PostgreSQL cannot rebuild an exclusion constraint's index concurrently, and constraints cannot lose theirs.
    fixes: !isWanted ? [drop] : index.constraint === null ? [rebuild(index), drop] : [rebuild(index)],
  }
}

function meaning({isLive, table, schema}: InvalidIndex, origin: 'ccnew' | 'ccold' | undefined): string {
  const on = qualified(schema, table)
  if (origin === 'ccnew') return `It is the unfinished copy of an index of ${on}; the original is in its place.`
  if (origin === 'ccold') return `It is the original of an index of ${on}; the new one has taken its place.`
  if (!isLive) return `It is half dropped from ${on}: DROP INDEX CONCURRENTLY was interrupted.`
  return `It was to become an index of ${on}. No build works on it now.`
}

const costOf = ({isReady, isLive}: InvalidIndex) =>
  isReady && isLive ? 'No query uses it, but each write maintains it.' : 'No query uses it, and it takes up space.'

function rebuild(index: InvalidIndex): FixRequest {
  const name = qualified(index.schema, index.name)
  const concurrently = index.isExclusion ? '' : 'CONCURRENTLY '
  return {
    kind: 'sql',
    title: `Build ${name} again`,
    statements: [`REINDEX INDEX ${concurrently}${name}`],
    undo: [],
    lock: index.isExclusion
      ? 'ACCESS EXCLUSIVE on the index, SHARE on the table: writes wait until it is built.'
      : `${SHARED}; it waits for the transactions that are open.`,
    note: index.isUnique
      ? 'It is unique: duplicate values make it fail again. Its error names one; remove those first.'
      : 'There is nothing to undo: the definition stays the same.',
  }
}
