import {condense} from '../../derive/condense.js'
import {defineRule, type FindingDraft, type FixRequest} from '../../rule.js'
import type {KeylessTable} from '../../snapshot.js'
import {qualified, quoteIdent} from '../../sql/quote.js'
import {bytes, number} from '../../units.js'

export default defineRule({
  id: 'schema/no-primary-key',
  title: 'Table without a primary key',
  category: 'schema',
  needs: ['server', 'keylessTables'],
  options: {
    minRows: {default: 1000, unit: 'count', help: 'smaller tables are staging or configuration: left alone'},
  },
  severity: {
    high: 'logical replication publishes its updates or deletes, and there were some: each of them fails now',
    medium: 'logical replication publishes its updates or deletes: the first one will fail',
    low: 'rows are updated or deleted, and nothing tells two equal ones apart',
    info: 'rows are only added, as in a log: nothing breaks',
  },
  why:
    'Without a primary key nothing keeps a row from being there twice, and no statement can name exactly one of them. ' +
    'Logical replication refuses updates and deletes of such a table, and so do many tools that copy or compare data.',
  references: [
    'https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-PRIMARY-KEYS',
    'https://www.postgresql.org/docs/current/logical-replication-publication.html',
  ],
  peers: ['SP', 'IH', 'PD', 'DA'],
  check({server, keylessTables}, {minRows}) {
    const findings = keylessTables
      .filter(table => isRefused(table) || (table.rows >= minRows && table.uniqueIndex === null))
      .map(table => draft(table, server.inRecovery))
    return {
      summary:
        `tables without a primary key: ${keylessTables.length}; ` +
        `${findings.length || 'none'} of them with ${number(minRows)} rows or more and no other unique key, or published`,
      findings: condense(findings, 'further tables without a primary key'),
    }
  },
})

/** FULL sends whole rows, and an index names them: both do without a primary key. */
const isRefused = ({publishesChanges, replicaIdentity}: KeylessTable) =>
  publishesChanges && (replicaIdentity === 'd' || replicaIdentity === 'n')

function severity(table: KeylessTable) {
  if (isRefused(table)) return table.changes > 0 ? 'high' : 'medium'
  return table.changes > 0 ? 'low' : 'info'
}

function draft(table: KeylessTable, inRecovery: boolean): FindingDraft {
  const name = qualified(table.schema, table.name)
  const {rows, inserts, changes} = table
  const detail = isRefused(table)
    ? 'A publication sends its changes, but nothing identifies its rows: UPDATE and DELETE end with an error.'
    : changes > 0
      ? `${number(changes)} updates and deletes were counted: two equal rows could only be changed together.`
      : inRecovery
        ? 'Whether its rows are changed only the primary counts; a log may stay as it is.'
        : 'No update or delete was counted. That is how a log or a history looks, which may stay as it is.'
  return {
    severity: severity(table),
    subject: name,
    title: isRefused(table) ? `${name} is published without a key: updates fail` : `${name} has no primary key`,
    detail: `${detail} Not seen from here: whether some of its columns are unique already.`,
    evidence: [
      {label: 'rows', value: rows, unit: 'count', source: 'pg_class, pg_stat_all_tables'},
      {label: 'inserts', value: inserts, unit: 'count', source: 'pg_stat_all_tables'},
      {label: 'updates and deletes', value: changes, unit: 'count', source: 'pg_stat_all_tables'},
      {
        label: 'published by logical replication',
        value: table.publishesChanges ? `yes, replica identity ${table.replicaIdentity}` : 'no',
        source: 'pg_publication, pg_class.relreplident',
      },
    ],
    confidence: 'measured',
    fixes: [addKey(table)],
  }
}

function addKey(table: KeylessTable): FixRequest {
  const name = qualified(table.schema, table.name)
  if (table.kind === 'partitioned') {
    return {
      kind: 'action',
      title: `Give ${name} a primary key`,
      steps: [
        'It must hold the partition key: ADD PRIMARY KEY (partition key, and what is unique within one value of it).',
      ],
      note: 'ACCESS EXCLUSIVE on all partitions while the index is built: build it for each of them first.',
    }
  }
  if (table.uniqueIndex !== null) {
    return {
      kind: 'sql',
      title: `Make its unique index the primary key`,
      statements: [`ALTER TABLE ${name} ADD PRIMARY KEY USING INDEX ${quoteIdent(table.uniqueIndex)}`],
      undo: [],
      lock: 'ACCESS EXCLUSIVE for a moment: nothing is read or written anew.',
      note: 'The undo would drop the index with the constraint; create it again CONCURRENTLY in that case.',
    }
  }
  const column = ['id', `${table.name}_id`, 'row_id'].find(each => !table.columnNames.includes(each)) ?? 'ahsp_db_id'
  return {
    kind: 'sql',
    title: `Add a number of its own to each row`,
    statements: [
      `ALTER TABLE ${name} ADD COLUMN ${quoteIdent(column)} bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY`,
    ],
    undo: [`ALTER TABLE ${name} DROP COLUMN ${quoteIdent(column)}`],
    lock: `ACCESS EXCLUSIVE while all ${number(table.rows)} rows (${bytes(table.bytes)}) are written anew: everything waits.`,
    note:
      'Columns that are unique already make a better key: CREATE UNIQUE INDEX CONCURRENTLY, then ADD PRIMARY KEY USING ' +
      'INDEX. INSERTs that name no columns, and SELECT *, will meet the new column.',
  }
}
