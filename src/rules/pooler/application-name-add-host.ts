import {poolerName, poolerRates} from '../../derive/pooler.js'
import {fromConfig, judgeNumber, modesOf} from '../../derive/pooler-settings.js'
import {defineRule} from '../../rule.js'
import {number} from '../../units.js'

const NAME = 'application_name_add_host'

export default defineRule({
  id: 'pooler/application-name-add-host',
  title: 'Every client has a name of its own, and every hand-over tells the server',
  category: 'pooler',
  asksFor: 'pooler',
  needs: ['poolers'],
  options: {
    busy: {default: 100, unit: 'count', help: 'transactions per second from which the additional statements matter'},
  },
  severity: {
    low: 'under load, a connection that passes to another client first runs a SET: one more round trip each time',
  },
  why:
    'With the address and port in its name no two clients are called the same. So PgBouncer must set application_name ' +
    'whenever a connection goes to another client, which in transaction mode is nearly every transaction.',
  references: ['https://www.pgbouncer.org/config.html#application_name_add_host'],
  check({poolers}, {busy}) {
    const isOn = (value: number) => value !== 0
    const unknown = poolers.find(
      pooler => pooler.config.some(({name, value}) => name === NAME && isOn(Number(value))) && rateOf(pooler) === null,
    )
    if (unknown) {
      return {
        cannotJudge: `${NAME} is on at ${poolerName(unknown)}; how busy that is, one look does not tell`,
        cure: 'ahsp-db check --window 2s',
      }
    }
    return judgeNumber(poolers, NAME, (value, pooler) => {
      const rate = rateOf(pooler) ?? 0
      if (!isOn(value) || rate < busy || modesOf(pooler).every(mode => mode === 'session')) return null
      return {
        severity: 'low',
        subject: poolerName(pooler),
        title: `application_name is set anew for nearly every one of ${number(rate)} transactions per second`,
        detail:
          'It is worth that price while clients are being told apart. SHOW CLIENTS knows the address of each anyway, ' +
          'and link, which server connection it uses.',
        evidence: [
          fromConfig(pooler, NAME),
          {label: 'transactions', value: rate, unit: 'per second', source: 'SHOW STATS, two looks'},
        ],
        confidence: 'estimated',
        fixes: [{kind: 'pooler', pooler, name: NAME, to: '0', note: 'Clients that are connected keep their names.'}],
      }
    })
  },
})

/** Null: there were not two looks. A pooler without statistics has had nothing to do. */
function rateOf(pooler: Parameters<typeof poolerRates>[0]): number | null {
  const {samples} = pooler
  const isWatched = samples.length > 1 && samples.at(-1)!.at - samples[0]!.at >= 0.5
  return isWatched ? poolerRates(pooler).reduce((sum, {perSecond}) => sum + perSecond, 0) : null
}
