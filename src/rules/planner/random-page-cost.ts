import {settingNumber} from '../../derive/settings.js'
import {defineRule} from '../../rule.js'
import type {Server} from '../../snapshot.js'

/** Platforms that offer nothing but SSD storage for PostgreSQL; Amazon RDS and Cloud SQL have disks, too. */
const SSD_ONLY = ['aurora', 'alloydb', 'azure', 'supabase', 'neon', 'heroku']

export default defineRule({
  id: 'planner/random-page-cost',
  title: 'The planner believes that the storage is a spinning disk',
  category: 'planner',
  needs: ['server', 'settings'],
  settings: ['random_page_cost', 'seq_page_cost'],
  options: {limit: {default: 2, unit: 'ratio', help: 'too high on SSD above this many times seq_page_cost'}},
  severity: {medium: 'above limit on SSD storage: index scans are passed over for scans of whole tables'},
  why:
    'The default of 4 stands for disks whose heads must move; on SSD a random read costs hardly more than the next one. ' +
    'With 4 the planner reads whole tables where an index would be faster.',
  references: ['https://www.postgresql.org/docs/current/runtime-config-query.html#GUC-RANDOM-PAGE-COST'],
  peers: ['RX', 'DX', 'PB'],
  check({server, settings}, {limit}, context) {
    const cost = settingNumber(settings, 'random_page_cost')
    const base = settingNumber(settings, 'seq_page_cost')
    const value = `random_page_cost = ${cost}`
    const storage = storageOf(server, context.storage)
    if (!storage) {
      const cure = 'ahsp-db check --storage ssd   # or hdd; or hardware: storage: in ahsp-db.yaml'
      return {cannotJudge: `${value}: the kind of storage is not known`, cure}
    }
    const summary = `${value} on ${storage.kind === 'ssd' ? 'SSD storage' : 'spinning disks'}`
    if (storage.kind === 'hdd' || cost <= limit * base) return {summary, findings: []}
    return {
      summary,
      findings: [
        {
          severity: 'medium',
          subject: 'random_page_cost',
          title: summary,
          detail:
            'No wrong plan was seen: compare EXPLAIN of slow queries before and after. A tablespace may have its own value.',
          evidence: [
            {label: 'random_page_cost', value: cost, source: 'pg_settings'},
            {label: 'seq_page_cost', value: base, source: 'pg_settings'},
            {label: 'storage', value: storage.kind, source: storage.source},
          ],
          confidence: 'assumed',
          fixes: [{kind: 'setting', name: 'random_page_cost', to: `${Number((1.1 * base).toPrecision(3))}`}],
        },
      ],
    }
  },
})

function storageOf({platformEvidence}: Server, told: 'ssd' | 'hdd' | undefined) {
  if (told) return {kind: told, source: 'as told'}
  const known = platformEvidence.find(({platform}) => SSD_ONLY.includes(platform))
  return known ? {kind: 'ssd' as const, source: `${known.platform}: ${known.evidence}`} : null
}
