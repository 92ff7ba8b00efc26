import {IDLE_IN_TRANSACTION} from '../../derive/pool-budget.js'
import {judgeTimeouts, timeoutFixes, timeoutsText} from '../../derive/timeouts.js'
import {defineRule} from '../../rule.js'
import {milliseconds} from '../../units.js'

const NAME = 'idle_in_transaction_session_timeout'

export default defineRule({
  id: 'timeouts/idle-in-transaction',
  title: 'Forgotten transactions stay open for ever',
  category: 'timeouts',
  needs: ['server', 'settings', 'roles', 'roleSettings'],
  uses: ['fileSettings', 'activity'],
  settings: [NAME],
  options: {
    max: {default: 600, unit: 'seconds', help: 'a longer limit lets a forgotten transaction do its harm first'},
  },
  severity: {
    medium: 'a role in use has no limit: a client that hangs inside a transaction blocks others until it is killed',
    low: 'the limit is above max: the harm is done before it acts',
  },
  why:
    'A client that stops in the middle of a transaction keeps its locks, and keeps vacuum from cleaning up. ' +
    `${NAME} ends such sessions; it never ends one that works.`,
  references: [
    'https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-IDLE-IN-TRANSACTION-SESSION-TIMEOUT',
  ],
  check(sections, {max}) {
    const timeouts = judgeTimeouts(NAME, max * 1000, sections)
    if (!timeouts) return {cannotJudge: `the server's ${NAME} is hidden behind our own role's`}
    const {known, offenders, inUse} = timeouts
    const summary = timeoutsText(NAME, known)
    if (offenders.length === 0) return {summary, findings: []}
    const isUnlimited = offenders.some(({ms}) => ms === 0)
    return {
      summary,
      findings: [
        {
          severity: isUnlimited ? 'medium' : 'low',
          subject: NAME,
          title: isUnlimited
            ? 'Forgotten transactions stay open for ever'
            : `Forgotten transactions may stay open for more than ${milliseconds(max * 1000)}`,
          detail:
            `${timeoutsText(NAME, offenders)}. Whether a transaction is forgotten right now, ` +
            'sessions/idle-in-transaction tells.',
          evidence: offenders.map(({role, ms, override}) => ({
            label: `${NAME} for role ${role}`,
            ...(ms === 0 ? {value: 'none (0)'} : {value: ms, unit: 'milliseconds'}),
            source: override ? 'pg_db_role_setting' : 'pg_settings',
          })),
          confidence: inUse ? 'measured' : 'estimated',
          fixes: timeoutFixes(NAME, IDLE_IN_TRANSACTION, offenders, NOTE),
        },
      ],
    }
  },
})

const NOTE = 'The client of an ended session gets an error and must connect again. pg_dump switches it off for itself.'
