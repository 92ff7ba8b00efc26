import type {CollectContext} from '../../collect/collector.js'
import {EXPLAIN_CONTEXT} from '../../collect/index.js'
import {LIMITS, ROLLBACK, transaction} from '../../collect/transaction.js'
import type {Connection} from '../../connect/postgres.js'
import type {ConnectionSettings} from '../../connect/settings.js'
import {CliError, EXIT} from '../../errors.js'
import type {Snapshot, StatementSamples} from '../../snapshot.js'
import type {RunRecord, RunStart} from '../record.js'
import type {ConsoleWatch} from './consoles.js'
import {type ServerWatch, watchServer} from './server.js'
import {sessionLooks} from './snapshots.js'
import {ownStatementsSql} from './sql.js'
import {statementCounts} from './statements.js'
import {statementTexts, type Texts} from './texts.js'

export type Sampling = {
  server: ServerWatch
  texts: Texts
  looks: () => ReturnType<ReturnType<typeof sessionLooks>['all']>
  statements: () => StatementSamples | null
  /** what cannot be seen, for people */
  warnings: string[]
}

export type SamplingOptions = {
  connection: Connection
  settings: ConnectionSettings
  start: Snapshot
  clock: RunStart['clock']
  consoles: readonly ConsoleWatch[]
  emit: (record: RunRecord) => void
}

/** Everything that is known before the first sample. Throws CliError when the server could not be read at all. */
export async function prepare({connection, settings, start, clock, emit}: SamplingOptions): Promise<Sampling> {
  const {sections} = start
  if (!sections.server.ok) {
    throw new CliError('SERVER', EXIT.connect, `the server cannot be read: ${sections.server.message}`, 'try check')
  }
  const {versionNum, build, statementsExtension} = sections.server.data
  const context: CollectContext = {
    ...EXPLAIN_CONTEXT,
    versionNum,
    linux: /linux/i.test(build),
    statements: statementsExtension,
  }
  const looks = sessionLooks(clock?.offset ?? 0)
  const texts = statementTexts(emit)
  if (sections.statementTexts.ok) texts.learn(sections.statementTexts.data)
  const settingRows = sections.settings.ok ? sections.settings.data : []
  const standardStrings = settingRows.find(({name}) => name === 'standard_conforming_strings')?.value !== 'off'
  const own = new Set<string>()
  const counts = sections.statements.ok ? statementCounts(own) : null
  const parts = {connection, settings, context, texts, standardStrings}
  // Every query of ours once, so that pg_stat_statements has an entry of each that can be told from the others.
  await watchServer({...parts, counts: counts && {...counts, add: () => null}, emit: () => {}}).tick(0, true)
  if (counts) for (const queryid of await ownStatements(connection, context)) own.add(queryid)
  const server = watchServer({
    ...parts,
    counts,
    emit(record) {
      if (record.type === 'activity') looks.add(record)
      emit(record)
    },
  })
  return {
    server,
    texts,
    looks: looks.all,
    statements: () => counts?.samples() ?? null,
    warnings: [...start.warnings, ...unseen(start)],
  }
}

async function ownStatements(connection: Connection, context: CollectContext): Promise<string[]> {
  try {
    const results = await connection.run(transaction(ownStatementsSql(context), context), {
      deadlineMs: LIMITS.statement,
    })
    return results[2]!.map(({queryid}) => String(queryid))
  } catch {
    // Ours then count with the others: one call of each in a second.
    if (connection.isOpen) await connection.run(ROLLBACK, {deadlineMs: LIMITS.clientGrace}).catch(() => {})
    return []
  }
}

function unseen({sections: {activity, statements}}: Snapshot): string[] {
  return [activity, statements].flatMap(section =>
    section.ok ? [] : [`${section.message}${section.grant ? `; it needs ${section.grant}` : ''}`],
  )
}
