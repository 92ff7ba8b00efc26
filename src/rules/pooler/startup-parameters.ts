import {poolerName} from '../../derive/pooler.js'
import {poolTimeouts, type ServerSections} from '../../derive/pooler-roles.js'
import {fromConfig, listOf, notShown} from '../../derive/pooler-settings.js'
import {droppedTimeouts, IGNORED, startupFixes, trackedInVain} from '../../derive/startup-parameters.js'
import {defineRule, type FindingDraft, type FixRequest} from '../../rule.js'
import type {Pooler} from '../../snapshot.js'
import {quoteIdent} from '../../sql/quote.js'

export default defineRule({
  id: 'pooler/startup-parameters',
  title: "The application's timeouts are dropped on the way to the server",
  category: 'pooler',
  asksFor: 'pooler',
  needs: ['poolers'],
  uses: ['server', 'settings', 'roles', 'roleSettings', 'fileSettings', 'activity'],
  options: {},
  severity: {
    medium:
      'timeouts of the application are ignored, and a role of the pools has none of its own: nothing ends a query',
    low: 'a list of tracked parameters that does nothing, or ignored timeouts while the server was not read',
  },
  why:
    'PgBouncer refuses a timeout that a client sends at its start ("unsupported startup parameter"), or throws it away ' +
    'when told to ignore it. Only a timeout of the role on the server holds for every connection.',
  references: [
    'https://www.pgbouncer.org/config.html#ignore_startup_parameters',
    'https://www.pgbouncer.org/config.html#track_extra_parameters',
  ],
  check({poolers, ...sections}) {
    const known = poolers.filter(({config}) => config.some(({name}) => name === IGNORED))
    if (known.length === 0) return notShown(IGNORED, poolers)
    return {
      summary: known.map(pooler => `${poolerName(pooler)} ${ignoredText(pooler)}`).join(', '),
      findings: known.flatMap(pooler => [...dropped(pooler, sections), ...trackedInVain(pooler)]),
    }
  },
})

function ignoredText(pooler: Pooler): string {
  const ignored = listOf(pooler, IGNORED)
  return ignored.length === 0 ? 'ignores no start-up parameter' : `ignores ${ignored.join(', ')} at start-up`
}

function dropped(pooler: Pooler, sections: ServerSections): FindingDraft[] {
  const names = droppedTimeouts(pooler)
  const values = names.map(name => ({name, roles: poolTimeouts(name, pooler, sections)}))
  const isRead = values.every(({roles}) => roles !== null)
  const without = values.flatMap(({name, roles}) =>
    (roles ?? []).filter(({ms}) => ms === 0).map(each => ({name, each})),
  )
  if (names.length === 0 || (isRead && without.length === 0)) return []
  const roles = [...new Set(without.map(({each}) => quoteIdent(each.role)))]
  return [
    {
      severity: isRead ? 'medium' : 'low',
      subject: `${IGNORED} at ${poolerName(pooler)}`,
      title: isRead
        ? `A client's ${names.join(', ')} is dropped, and ${roles.length === 1 ? `role ${roles[0]} has` : `${roles.length} roles have`} none`
        : `A client's ${names.join(', ')} is dropped without a word`,
      detail:
        (isRead ? '' : 'Whether the roles have timeouts of their own is not known: the server was not read. ') +
        'Whether the application sends one is not seen: its settings tell (OPTIONS in Django). ' +
        'It gets no error, so it believes that its queries end. Taken off the list, the same client is refused instead.',
      evidence: [
        fromConfig(pooler, IGNORED),
        ...without.slice(0, 5).map(({name, each}) => ({
          label: `${name} of role ${each.role}`,
          value: 'none (0)',
          source: each.override ? 'pg_db_role_setting' : 'pg_settings',
        })),
      ],
      confidence: isRead ? 'estimated' : 'assumed',
      fixes: isRead ? startupFixes(pooler, without) : [askServer],
    },
  ]
}

const askServer: FixRequest = {
  kind: 'action',
  title: 'Let the server be read as well',
  steps: ['Run the check with the server as its target and this console as --pgbouncer'],
}
