import {requiredStandbys} from '../../derive/replication.js'
import {setting} from '../../derive/settings.js'
import {defineRule} from '../../rule.js'
import {number} from '../../units.js'

/** With these a commit waits for no standby. */
const LOCAL = ['off', 'local']

export default defineRule({
  id: 'replication/synchronous',
  title: 'Commits wait for a synchronous standby that is not there',
  category: 'replication',
  needs: ['server', 'settings', 'replicas'],
  uses: ['activity'],
  settings: ['synchronous_standby_names', 'synchronous_commit'],
  options: {},
  severity: {
    critical: 'sessions wait for a standby that is not connected: every commit of the application hangs now',
    high: 'fewer synchronous standbys than must confirm, and nobody is seen waiting yet: the next commit hangs',
  },
  why:
    'With synchronous replication a commit returns when standbys have confirmed it. When too few are connected it ' +
    'does not return at all: no error, no timeout, the application just hangs.',
  references: ['https://www.postgresql.org/docs/current/warm-standby.html#SYNCHRONOUS-REPLICATION'],
  peers: ['CA'],
  check({server, settings, replicas, activity}) {
    const names = setting(settings, 'synchronous_standby_names').value
    const commit = setting(settings, 'synchronous_commit').value
    const required = requiredStandbys(names)
    if (server.inRecovery || required === 0) return {summary: 'no synchronous standbys are asked for', findings: []}
    const present = replicas.filter(
      ({state, syncState}) => state === 'streaming' && ['sync', 'quorum'].includes(syncState),
    ).length
    const summary = `${present} synchronous standbys, ${required} must confirm`
    // A role may still ask for more; its sessions would be seen waiting.
    const waiting = activity.ok ? activity.data.sessions.filter(({waitEvent}) => waitEvent === 'SyncRep').length : 0
    if (LOCAL.includes(commit) && waiting === 0)
      return {summary: `synchronous_commit = ${commit}; ${summary}`, findings: []}
    if (present >= required) return {summary, findings: []}
    return {
      summary,
      findings: [
        {
          severity: waiting > 0 ? 'critical' : 'high',
          subject: 'synchronous_standby_names',
          title: `Only ${present} of ${required} synchronous standbys are connected: commits hang`,
          detail: `${waiting > 0 ? `${number(waiting)} sessions wait for one at this moment.` : 'No waiting session was seen.'} What they changed is written here already; they go on when a standby confirms.`,
          evidence: [
            {label: 'synchronous_standby_names', value: names, source: 'pg_settings'},
            {label: 'synchronous standbys', value: present, unit: 'count', source: 'pg_stat_replication.sync_state'},
            {label: 'waiting sessions', value: activity.ok ? waiting : 'hidden', source: 'pg_stat_activity, SyncRep'},
          ],
          confidence: 'measured',
          fixes: [
            {
              kind: 'action',
              title: 'Bring a standby back whose application_name is listed',
              steps: ['See replication/lag on that standby, and its log', 'List two or more: ANY 1 ("a", "b")'],
            },
            {
              kind: 'setting',
              name: 'synchronous_standby_names',
              to: '',
              title: 'Or, for now, go on without: synchronous_standby_names empty',
              risk: 'review',
              note: 'Commits then are on this server alone: when it is lost, so are they.',
            },
          ],
        },
      ],
    }
  },
})
