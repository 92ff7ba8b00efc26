import {roundSize, sizeText} from '../../derive/memory.js'
import {setting, settingBytes} from '../../derive/settings.js'
import {defineRule, type Severity} from '../../rule.js'
import {bytes, number} from '../../units.js'

export default defineRule({
  id: 'memory/effective-cache-size',
  title: 'The planner is told a wrong size of the caches',
  category: 'memory',
  needs: ['settings'],
  settings: ['effective_cache_size'],
  options: {
    low: {default: 50, unit: 'percent', help: 'too small below this share of the RAM'},
    high: {default: 90, unit: 'percent', help: 'too large above this share of the RAM'},
    recommended: {default: 75, unit: 'percent', help: 'share of the RAM to recommend'},
  },
  severity: {
    medium: 'above high: the planner counts on memory that the machine does not have',
    low: 'below low: the planner takes index scans for dearer than they are',
  },
  why:
    'effective_cache_size reserves nothing: it tells the planner how much of the data it will find in memory. Too small ' +
    'a value makes it read whole tables where an index would do.',
  references: ['https://www.postgresql.org/docs/current/runtime-config-query.html#GUC-EFFECTIVE-CACHE-SIZE'],
  check({settings}, options, {ramBytes}) {
    const size = settingBytes(settings, 'effective_cache_size')
    const value = `effective_cache_size = ${sizeText(size)}`
    if (ramBytes === undefined) {
      const cure = 'ahsp-db check --ram 16GB   # or hardware: ram: in ahsp-db.yaml'
      return {cannotJudge: `${value}: the RAM is not known`, cure}
    }
    const share = (size / ramBytes) * 100
    const summary = `${value} is ${number(Number(share.toPrecision(2)))} % of ${bytes(ramBytes)} RAM`
    if (share >= options.low && share <= options.high) return {summary, findings: []}
    const severity: Severity = share > options.high ? 'medium' : 'low'
    const to = sizeText(roundSize((ramBytes * options.recommended) / 100))
    return {
      summary,
      findings: [
        {
          severity,
          subject: 'effective_cache_size',
          title: summary,
          detail: 'No wrong plan was seen: compare EXPLAIN of slow queries before and after.',
          evidence: [
            {
              label: 'effective_cache_size',
              value: size,
              unit: 'bytes',
              source: `pg_settings, set by: ${setting(settings, 'effective_cache_size').source}`,
            },
            {label: 'RAM', value: ramBytes, unit: 'bytes', source: 'as told'},
          ],
          confidence: 'assumed',
          fixes: [{kind: 'setting', name: 'effective_cache_size', to}],
        },
      ],
    }
  },
})
