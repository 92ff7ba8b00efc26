import {settingMs} from '../../derive/settings.js'
import {defineRule} from '../../rule.js'
import type {Setting} from '../../snapshot.js'
import {milliseconds} from '../../units.js'

const NAME = 'log_min_duration_statement'

/** Others that bring slow statements into the log; -1 and 0 mean off for the sampled ones. */
const OTHERS = ['log_min_duration_sample', 'auto_explain.log_min_duration']

export default defineRule({
  id: 'observability/slow-query-logging',
  title: 'Slow statements are not logged',
  category: 'observability',
  needs: ['settings'],
  settings: [NAME],
  options: {
    threshold: {default: 1000, unit: 'milliseconds', help: 'what the fix logs from'},
    tooHigh: {default: 60_000, unit: 'milliseconds', help: 'a threshold above this logs disasters only'},
  },
  severity: {low: 'nothing tells afterwards which call, with which values and when, was slow'},
  why:
    'pg_stat_statements has sums and means, the log has the single call: its time, its parameters, its user. After a ' +
    'bad quarter of an hour that is what one wants to read.',
  references: ['https://www.postgresql.org/docs/current/runtime-config-logging.html#GUC-LOG-MIN-DURATION-STATEMENT'],
  peers: ['TU', 'PD'],
  check({settings}, {threshold, tooHigh}) {
    const limit = settingMs(settings, NAME)
    const others = OTHERS.filter(name => isOn(settings, name))
    const logsAll = settings.some(({name, value}) => name === 'log_duration' && value === 'on')
    const summary = [
      `${NAME} = ${limit < 0 ? '-1 (off)' : milliseconds(limit)}`,
      ...others.map(name => `${name} is on`),
    ]
    const isFine = (limit >= 0 && limit <= tooHigh) || others.length > 0 || logsAll
    if (isFine) return {summary: summary.join(', '), findings: []}
    return {
      summary: summary.join(', '),
      findings: [
        {
          severity: 'low',
          subject: NAME,
          title:
            limit < 0 ? 'Slow statements are not logged' : `Only statements above ${milliseconds(limit)} are logged`,
          detail:
            'Sampling (log_min_duration_sample) and auto_explain would do as well; neither is on in this session.',
          evidence: [{label: NAME, value: limit < 0 ? 'off' : limit, unit: 'milliseconds', source: 'pg_settings'}],
          confidence: 'measured',
          fixes: [
            {
              kind: 'setting',
              name: NAME,
              to: `${threshold}ms`,
              note:
                'The log then holds the values of slow statements (personal data too). When it grows too fast, raise the ' +
                'limit, or log a sample: log_min_duration_sample with log_statement_sample_rate.',
            },
          ],
        },
      ],
    }
  },
})

const isOn = (settings: readonly Setting[], name: string) =>
  settings.some(setting => setting.name === name && Number(setting.value) >= 0)
