import {fillfactorFor, leaveRoom} from '../../derive/fillfactor.js'
import {statisticsWindow} from '../../derive/window.js'
import {defineRule, type FindingDraft, type FixRequest} from '../../rule.js'
import type {Index, Table} from '../../snapshot.js'
import {qualified, quoteIdent} from '../../sql/quote.js'
import {number, seconds} from '../../units.js'

const DAY = 86_400

export default defineRule({
  id: 'tables/hot-updates',
  title: 'Updates that have to touch every index',
  category: 'tables',
  needs: ['server', 'databases', 'tables'],
  uses: ['indexes', 'checkpoints'],
  options: {
    minUpdates: {default: 100_000, unit: 'count', help: 'fewer updates than this are no load'},
    perRow: {default: 5, unit: 'ratio', help: 'updates for each row: fewer are migrations, unless manyPerSecond'},
    manyPerSecond: {default: 10, unit: 'count', help: 'updates per second, over a day or more'},
    minHot: {default: 50, unit: 'percent', help: 'a share of HOT updates from here on is fine'},
    heavyPerSecond: {default: 50, unit: 'count', help: 'medium from this many other updates per second, over a day'},
  },
  severity: {
    medium: 'heavyPerSecond or more updates that are not HOT: WAL, index bloat and vacuum work all day',
    low: 'fewer: it makes the indexes grow, and vacuum work, for nothing',
  },
  why:
    'An update can stay in its page (HOT) when the page has room and no indexed column changes; then no index is ' +
    'touched. Otherwise every index of the table gets a new entry, and vacuum has to remove the old ones.',
  references: ['https://www.postgresql.org/docs/current/storage-hot.html'],
  peers: ['RX', 'PB', 'DA'],
  check({server, databases, tables, indexes, checkpoints}, options) {
    const database = databases.find(({name}) => name === server.database)
    if (!database) return {cannotJudge: `pg_stat_database has no row for ${server.database}`}
    const window = statisticsWindow(database, server, checkpoints)
    // A rate of minutes is a batch job's.
    const perSecond = (count: number) => (window.seconds >= DAY ? count / window.seconds : 0)
    const busy = tables.filter(
      ({updates, rowsEstimate, liveRows}) =>
        updates >= options.minUpdates &&
        (updates >= options.perRow * Math.max(rowsEstimate, liveRows) || perSecond(updates) >= options.manyPerSecond),
    )
    const found = busy
      .filter(({updates, hotUpdates}) => (hotUpdates / updates) * 100 < options.minHot)
      .sort((a, b) => movedOf(b) - movedOf(a))
    return {
      summary:
        `${found.length || 'none'} of ${busy.length} heavily updated tables has less than ${options.minHot} % HOT ` +
        `updates, in statistics of ${seconds(window.seconds)}`,
      findings: found.map(table => ({
        ...draft(table, indexes.ok ? indexes.data.filter(({tableOid}) => tableOid === table.oid) : []),
        severity: perSecond(movedOf(table)) >= options.heavyPerSecond ? 'medium' : 'low',
      })),
    }
  },
})

const movedOf = ({updates, hotUpdates}: Table) => updates - hotUpdates

function draft(table: Table, indexes: Index[]): Omit<FindingDraft, 'severity'> {
  const name = qualified(table.schema, table.name)
  const moved = movedOf(table)
  const toOtherPage = table.newPageUpdates ?? null
  // A version that found room in its page and still is not HOT has a changed column in an index.
  const isFull = toOtherPage === null ? null : toOtherPage >= moved / 2
  const fillfactor = Number(table.options.fillfactor ?? 100)
  const target = fillfactorFor(table)
  const room = isFull !== false && fillfactor > target ? [leaveRoom(table, target)] : []
  const share = number(Math.round((table.hotUpdates / table.updates) * 100))
  const reason =
    isFull === null
      ? 'Either their page was full, or an indexed column changed; before PostgreSQL 16 this cannot be told apart.'
      : isFull
        ? 'Most of them found their page full.'
        : 'Most of them found room in their page: a column that an index holds was changed.'
  return {
    subject: name,
    title: `Only ${share} % of ${number(table.updates)} updates of ${name} are HOT`,
    detail: `The others wrote to each of its ${indexes.length} indexes. ${reason}`,
    evidence: [
      {label: 'updates', value: table.updates, unit: 'count', source: 'pg_stat_all_tables'},
      {label: 'HOT', value: table.hotUpdates, unit: 'count', source: 'pg_stat_all_tables'},
      ...(toOtherPage === null
        ? []
        : [{label: 'to another page', value: toOtherPage, unit: 'count' as const, source: 'n_tup_newpage_upd'}]),
      {label: 'fillfactor', value: fillfactor, unit: 'percent', source: 'pg_class.reloptions'},
    ],
    confidence: 'measured',
    fixes: [...room, fewerIndexes(name, indexes)],
  }
}

function fewerIndexes(name: string, indexes: Index[]): FixRequest {
  const list = indexes.filter(({constraint}) => constraint === null).slice(0, 10)
  return {
    kind: 'action',
    title: `Keep columns that change all the time out of the indexes of ${name}`,
    steps: [
      ...list.map(index => `${quoteIdent(index.name)} (${index.keyNames.join(', ')}): ${number(index.scans)} scans`),
      'Drop the index whose column every update changes (a counter, a time of last use) when its scans are not worth it',
      'In the application save only the columns that changed (Django: save(update_fields=[...]))',
    ],
  }
}
