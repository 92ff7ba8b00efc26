import {setting} from '../../derive/settings.js'
import {enableStatements, evictionsText, librariesOf} from '../../derive/statements-state.js'
import {defineRule, type FindingDraft, type FixRequest} from '../../rule.js'
import type {Server, Setting} from '../../snapshot.js'
import {quoteIdent} from '../../sql/quote.js'
import {number} from '../../units.js'

const NAME = 'pg_stat_statements'

export default defineRule({
  id: 'observability/statements-unavailable',
  title: 'The server does not tell which statements cost its time',
  category: 'observability',
  needs: ['server', 'settings'],
  uses: ['statementsInfo', 'statements'],
  options: {},
  severity: {
    medium: 'pg_stat_statements is not loaded, not created or switched off: no statement can be judged',
    low: 'the statements of other roles are hidden from this one: what is seen is not all',
  },
  why:
    'Without pg_stat_statements nobody can say which statements take the time, and tuning is guessing. It costs a few ' +
    'percent at worst and is part of PostgreSQL.',
  references: ['https://www.postgresql.org/docs/current/pgstatstatements.html'],
  peers: ['PB', 'CA', 'PH'],
  check({server, settings, statementsInfo, statements}) {
    const isLoaded = settings.some(({name}) => name === `${NAME}.max`)
    if (!isLoaded || !server.statementsExtension) {
      const summary = !isLoaded
        ? `${NAME} is not preloaded`
        : `${NAME} is not created in ${quoteIdent(server.database)}`
      return {summary, findings: [absent(summary, enableStatements(isLoaded, server, settings), server, settings)]}
    }
    if (setting(settings, `${NAME}.track`).value === 'none') {
      return {summary: `${NAME}.track = none`, findings: [switchedOff()]}
    }
    if (!statementsInfo.ok) return cannot(statementsInfo)
    const info = statementsInfo.data
    const summary = `${number(info.entries)} of at most ${number(info.maxEntries)} statements, ${evictionsText(info)}`
    if (!statements.ok && statements.reason === 'permission') {
      return {summary, findings: [textsHidden(server, statements)]}
    }
    if (!statements.ok) return cannot(statements)
    return {summary, findings: []}
  },
})

const cannot = ({message, grant}: {message: string; grant?: string}) => ({
  cannotJudge: message,
  ...(grant ? {cure: grant} : {}),
})

const draft = {subject: NAME, confidence: 'measured'} as const

function absent(title: string, fixes: FixRequest[], server: Server, settings: Setting[]): FindingDraft {
  return {
    ...draft,
    severity: 'medium',
    title,
    detail: 'Slow statements, N+1 patterns and the statements behind temporary files cannot be told without it.',
    evidence: [
      {label: 'shared_preload_libraries', value: librariesOf(settings) ?? 'hidden', source: 'pg_settings'},
      {
        label: 'extension in this database',
        value: server.statementsExtension?.version ?? 'none',
        source: 'pg_extension',
      },
    ],
    fixes,
  }
}

const switchedOff = (): FindingDraft => ({
  ...draft,
  severity: 'medium',
  title: `${NAME} is loaded but records nothing`,
  detail: 'It costs memory and shows only what ran before it was switched off.',
  evidence: [{label: `${NAME}.track`, value: 'none', source: 'pg_settings'}],
  fixes: [{kind: 'setting', name: `${NAME}.track`, to: 'top'}],
})

function textsHidden({user}: Server, {message}: {message: string}): FindingDraft {
  const role = quoteIdent(user)
  return {
    ...draft,
    severity: 'low',
    title: 'The statements of other roles are hidden from this role',
    detail: `${message}. Rules about statements are skipped.`,
    evidence: [{label: 'connected as', value: user, source: 'current_user'}],
    fixes: [
      {
        kind: 'sql',
        title: 'Let it see them',
        statements: [`GRANT pg_read_all_stats TO ${role}`],
        undo: [`REVOKE pg_read_all_stats FROM ${role}`],
        lock: 'none',
        risk: 'safe',
      },
    ],
  }
}
