import {defineRule} from '../../rule.js'

export default defineRule({
  id: 'observability/io-timing',
  title: 'Time spent reading and writing is not measured',
  category: 'observability',
  needs: ['settings'],
  settings: ['track_io_timing'],
  options: {},
  severity: {low: 'track_io_timing is off: slow storage cannot be told from slow queries'},
  why:
    'Without track_io_timing nobody can say whether a slow query waits for the disk or computes. ' +
    "Reading the clock costs under 1 % on today's hardware; pg_test_timing tells what it costs on yours.",
  references: [
    'https://www.postgresql.org/docs/current/runtime-config-statistics.html#GUC-TRACK-IO-TIMING',
    'https://www.postgresql.org/docs/current/pgtesttiming.html',
  ],
  check({settings}) {
    const value = settings.find(setting => setting.name === 'track_io_timing')?.value
    const summary = `track_io_timing = ${value}`
    if (value !== 'off') return {summary, findings: []}
    return {
      summary,
      findings: [
        {
          severity: 'low',
          subject: 'track_io_timing',
          title: 'Time spent reading and writing is not measured',
          detail: 'pg_stat_statements and EXPLAIN (BUFFERS) show no I/O times until this is on.',
          evidence: [{label: 'track_io_timing', value: 'off', source: 'pg_settings'}],
          confidence: 'measured',
          fixes: [{kind: 'setting', name: 'track_io_timing', to: 'on'}],
        },
      ],
    }
  },
})
