import rule from '../../../src/rules/queries/n-plus-one.js'
import type {Activity, Application, Window} from '../../../src/snapshot.js'
import {foreignKey, index, statement, table} from '../../rules/objects.js'
import {findingsOf, judge, NOW, ok, server, session} from '../../rules/sections.js'

/** `table: [columns]`; a column `author_id -> author` is a foreign key, the first column is the primary key. */
export type Tables = Record<string, string[]>

/** A statement with its calls and rows. */
export type Seen = [sql: string, calls: number, rows: number]

export const LIBRARY: Tables = {
  auth_user: ['id', 'username', 'country_id -> country'],
  country: ['id', 'name'],
  publisher: ['id', 'name'],
  author: ['id', 'name', 'country_id -> country', 'user_id -> auth_user'],
  book: ['id', 'title', 'author_id -> author', 'publisher_id -> publisher'],
  tag: ['id', 'name'],
  book_tags: ['id', 'book_id -> book', 'tag_id -> tag'],
  review: ['id', 'text', 'book_id -> book', 'user_id -> auth_user'],
  django_session: ['session_key', 'session_data'],
}

type World = {
  tables?: Tables
  /** without foreign keys and their constraints */
  isUndeclared?: boolean
  options?: Record<string, number>
  application?: Application
  /** the last statements of sessions at work */
  lastQueries?: string[]
  window?: Window
}

export function sectionsOf(
  seen: Seen[],
  {tables = LIBRARY, isUndeclared = false, application, lastQueries = []}: World = {},
) {
  const names = Object.keys(tables)
  const plain = (column: string) => column.split(' -> ')[0]!
  const statements = seen.map(([, calls, rows], at) => statement(String(at + 1), {calls, rows, meanMs: 0.1}))
  const activity: Activity = {
    at: NOW,
    sessions: lastQueries.map((query, at) => session(at, {query, state: 'idle', stateChange: NOW - 0.01})),
    samples: [],
  }
  return {
    server: server(),
    statements,
    statementTexts: seen.map(([text], at) => ({queryid: String(at + 1), text, truncated: false})),
    statementsInfo: {
      extensionVersion: '1.12',
      schema: 'public',
      entries: seen.length,
      maxEntries: 5000,
      evictions: 0,
      statsReset: NOW - 1000,
      totalCalls: seen.reduce((sum, [, calls]) => sum + calls, 0),
      totalMs: seen.reduce((sum, [, calls]) => sum + calls / 10, 0),
    },
    tables: names.map((name, at) => table(name, {oid: at + 1, columnNames: tables[name]!.map(plain)})),
    foreignKeys: isUndeclared
      ? []
      : names.flatMap(name =>
          tables[name]!.filter(column => column.includes(' -> ')).map(column => {
            const referenced = column.split(' -> ')[1]!
            return foreignKey([1], {
              table: name,
              columnNames: [plain(column)],
              referencedTable: referenced,
              referencedColumnNames: [plain(tables[referenced]![0]!)],
            })
          }),
        ),
    indexes: ok(
      names.map((name, at) =>
        index(`${name}_pkey`, [1], {
          tableOid: at + 1,
          table: name,
          keyNames: [plain(tables[name]![0]!)],
          isUnique: true,
          isPrimary: true,
        }),
      ),
    ),
    ...(application ? {application: ok(application)} : {}),
    activity: ok(activity),
  }
}

export const verdict = (seen: Seen[], world: World = {}) =>
  judge(rule, sectionsOf(seen, world), {options: world.options, window: world.window})

/** `severity subject` of each finding. */
export const loops = (seen: Seen[], world: World = {}): string[] =>
  findingsOf(verdict(seen, world)).map(({severity, subject}) => `${severity} ${subject.replaceAll('"', '')}`)
