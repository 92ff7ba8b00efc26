import type {Block, Fix} from '../report.js'
import type {FixRequest} from '../rule.js'
import type {Snapshot} from '../snapshot.js'
import {joinNotes} from './note.js'
import {verifyBlocks} from './verify.js'

type SqlRequest = Extract<FixRequest, {kind: 'sql'}>

/** Statements to run, one line each, with what they lock and whether they may share a transaction. */
export function statementsFix(request: SqlRequest, question: string, sections: Snapshot['sections']): Fix {
  const inRecovery = sections.server.ok && sections.server.data.inRecovery
  const note = joinNotes([
    request.note,
    ...transactionNotes(request.statements),
    inRecovery ? 'This server is a standby: run it on the primary.' : undefined,
  ])
  return {
    kind: 'sql',
    title: request.title,
    risk: request.risk ?? 'review',
    ...(note && {note}),
    lock: request.lock,
    steps: [sql('Run', request.statements)],
    alternative: [],
    verify: [...verifyBlocks(question), ...(request.verify ?? []).map(verifyStep)],
    undo: request.undo.length ? [sql('Run', request.undo)] : [],
  }
}

function sql(text: string, statements: string[]): Block {
  return {text, language: 'sql', lines: statements.map(terminated)}
}

function terminated(statement: string): string {
  return `${statement.trim().replace(/;+$/, '')};`
}

function verifyStep(step: string): Block {
  const isSql = /^\s*(SELECT|SHOW|EXPLAIN|WITH|TABLE|VALUES)\b/i.test(step)
  return isSql ? sql('And in SQL', [step]) : {text: step, language: 'text', lines: []}
}

function transactionNotes(statements: string[]): string[] {
  const bare = statements.map(withoutQuoted)
  const notes: string[] = []
  if (bare.some(text => /\bCONCURRENTLY\b|^\s*(VACUUM|ALTER SYSTEM|(CREATE|DROP) DATABASE)\b/i.test(text))) {
    notes.push('Cannot run inside a transaction block: run each statement by itself.')
  }
  if (bare.some(text => /^\s*(CREATE\s+(UNIQUE\s+)?INDEX|REINDEX\b.*)\s+CONCURRENTLY\b/i.test(text))) {
    notes.push('If it is interrupted it leaves an INVALID index behind: drop that, then run it again.')
  }
  return notes
}

/** Keywords inside names and strings are not keywords. */
function withoutQuoted(statement: string): string {
  return statement.replace(/"(?:[^"]|"")*"|'(?:[^']|'')*'/g, 'x')
}
