import {type HorizonHolder, horizonHolders} from '../../derive/horizon.js'
import {onPrimary} from '../../derive/vacuum.js'
import {defineRule, type Severity} from '../../rule.js'
import {number, seconds} from '../../units.js'

export default defineRule({
  id: 'vacuum/horizon-holders',
  title: 'Something keeps vacuum from removing dead rows',
  category: 'vacuum',
  needs: ['server', 'slots', 'preparedTransactions'],
  uses: ['activity', 'replicas'],
  options: {
    warnAt: {default: 1_000_000, unit: 'count', help: 'medium when this many transactions are held back'},
    highAt: {default: 10_000_000, unit: 'count', help: 'high from this many on'},
    minAge: {
      default: 300,
      unit: 'seconds',
      help: 'what has lasted for less may still end by itself, where time is known',
    },
    preparedFor: {default: 3600, unit: 'seconds', help: 'a prepared transaction this old has been forgotten'},
  },
  severity: {
    high: 'highAt transactions: no row that died meanwhile can be removed, in any table; wraparound comes nearer',
    medium: 'warnAt transactions, or a prepared transaction older than preparedFor, which also keeps its locks',
  },
  why:
    'Vacuum may remove a row only when nobody can still see it. One old snapshot, forgotten prepared transaction, ' +
    'unused slot or slow standby keeps all later dead rows of the whole server, however often vacuum runs.',
  references: ['https://www.postgresql.org/docs/current/routine-vacuuming.html#VACUUM-FOR-SPACE-RECOVERY'],
  peers: ['PB', 'DA', 'PD', 'CA'],
  check({server, slots, preparedTransactions, activity, replicas}, options) {
    if (server.inRecovery) return onPrimary('vacuum/horizon-holders')
    const holders = horizonHolders({slots, preparedTransactions, activity, replicas}, server.now)
    const severity = ({kind, age, seconds: lasts}: HorizonHolder): Severity | null => {
      if (lasts !== null && lasts < options.minAge && kind !== 'prepared') return null
      if (age >= options.highAt) return 'high'
      const isForgotten = kind === 'prepared' && lasts !== null && lasts >= options.preparedFor
      return age >= options.warnAt || isForgotten ? 'medium' : null
    }
    const [worst] = holders
    const ill = holders.filter(holder => severity(holder) !== null)
    const hidden = [activity, replicas].find(section => !section.ok)
    if (ill.length === 0 && hidden && !hidden.ok) {
      const cure = hidden.grant ? {cure: hidden.grant} : {}
      return {cannotJudge: `sessions or standbys are hidden: ${hidden.message}`, ...cure}
    }
    return {
      summary: worst
        ? `the horizon is ${number(worst.age)} transactions back, held by ${worst.name}`
        : 'nothing holds the horizon back',
      findings: ill.map(holder => ({
        severity: severity(holder)!,
        subject: holder.subject,
        title: `${holder.title} holds back vacuum by ${number(holder.age)} transactions${holder.seconds === null ? '' : `, for ${seconds(holder.seconds)}`}`,
        detail: `${holder.detail} What died since then stays in the tables and indexes until it is gone.`,
        evidence: [
          {label: 'transactions held back', value: holder.age, unit: 'count', source: holder.source},
          ...(holder.seconds === null
            ? []
            : [{label: 'for', value: holder.seconds, unit: 'seconds' as const, source: holder.timeSource}]),
          {label: 'is the oldest of all', value: holder === worst ? 'yes' : 'no', source: 'the same of all holders'},
        ],
        confidence: 'measured',
        fixes: holder.fixes,
      })),
    }
  },
})
