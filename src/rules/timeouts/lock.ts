import {judgeTimeouts, timeoutFixes, timeoutsText} from '../../derive/timeouts.js'
import {defineRule} from '../../rule.js'
import {milliseconds} from '../../units.js'

export default defineRule({
  id: 'timeouts/lock',
  title: 'Waits for a lock have no limit of their own',
  category: 'timeouts',
  needs: ['server', 'settings', 'roles', 'roleSettings'],
  uses: ['fileSettings', 'activity'],
  settings: ['lock_timeout'],
  options: {
    max: {default: 60, unit: 'seconds', help: 'a longer wait for a lock helps nobody'},
  },
  severity: {
    low: 'no limit, or one above max: a queue behind one lock grows until statement_timeout, if there is one, ends it',
  },
  why:
    'Whoever waits for a lock holds a connection, and everybody behind it waits too. ' +
    'lock_timeout turns such a queue into an error that the application can retry.',
  references: ['https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-LOCK-TIMEOUT'],
  check(sections, {max}) {
    const timeouts = judgeTimeouts('lock_timeout', max * 1000, sections)
    if (!timeouts) return {cannotJudge: "the server's lock_timeout is hidden behind our own role's"}
    const {known, offenders, inUse} = timeouts
    const summary = timeoutsText('lock_timeout', known)
    if (offenders.length === 0) return {summary, findings: []}
    const isUnlimited = offenders.some(({ms}) => ms === 0)
    return {
      summary,
      findings: [
        {
          severity: 'low',
          subject: 'lock_timeout',
          title: isUnlimited
            ? 'Waits for a lock have no limit of their own'
            : `Waits for a lock may take more than ${milliseconds(max * 1000)}`,
          detail:
            `${timeoutsText('lock_timeout', offenders)}. statement_timeout ends such a wait too, but later and ` +
            'without saying that a lock was the reason. Who waits right now, sessions/blocked tells.',
          evidence: offenders.map(({role, ms, override}) => ({
            label: `lock_timeout for role ${role}`,
            ...(ms === 0 ? {value: 'none (0)'} : {value: ms, unit: 'milliseconds'}),
            source: override ? 'pg_db_role_setting' : 'pg_settings',
          })),
          confidence: inUse ? 'measured' : 'estimated',
          fixes: timeoutFixes('lock_timeout', '10s', offenders, NOTE),
        },
      ],
    }
  },
})

const NOTE =
  'Migrations want a short one (SET lock_timeout = 2s, then retry); jobs that may wait set their own. ' +
  'pg_dump switches it off for itself.'
