import {autovacuumWorkMem, roundSize, sizeText} from '../../derive/memory.js'
import {settingBytes, settingNumber} from '../../derive/settings.js'
import {defineRule, type Evidence, type FindingDraft} from '../../rule.js'
import type {Index} from '../../snapshot.js'
import {qualified} from '../../sql/quote.js'
import {bytes, number} from '../../units.js'

/** Before 17 VACUUM cannot use more, and index builds gain little. */
const ENOUGH = 1024 ** 3

export default defineRule({
  id: 'memory/maintenance-work-mem',
  title: 'Memory for index builds and VACUUM does not fit the machine',
  category: 'memory',
  needs: ['settings'],
  uses: ['indexes'],
  settings: ['maintenance_work_mem', 'autovacuum_work_mem', 'autovacuum_max_workers', 'block_size'],
  options: {
    small: {default: 64 * 1024 ** 2, unit: 'bytes', help: 'up to this (the default) an index may need more'},
    minRam: {default: 4 * 1024 ** 3, unit: 'bytes', help: 'below this RAM the default is left alone'},
    budget: {default: 25, unit: 'percent', help: 'share of the RAM that all autovacuum workers may take together'},
  },
  severity: {
    medium: 'all autovacuum workers together, or one index build, may take more than budget of the RAM',
    low: 'up to small on a machine with minRam or more, while an index is larger than that',
  },
  why:
    'Index builds sort within maintenance_work_mem and spill to disk beyond it, so deployments and restores take longer. ' +
    'Every autovacuum worker may take as much, all at once.',
  references: ['https://www.postgresql.org/docs/current/runtime-config-resource.html#GUC-MAINTENANCE-WORK-MEM'],
  peers: ['PD'],
  check({settings, indexes}, options, {ramBytes}) {
    const size = settingBytes(settings, 'maintenance_work_mem')
    const each = autovacuumWorkMem(settings)
    const workers = settingNumber(settings, 'autovacuum_max_workers')
    const value = `maintenance_work_mem = ${sizeText(size)}`
    if (ramBytes === undefined) {
      const cure = 'ahsp-db check --ram 16GB   # or hardware: ram: in ahsp-db.yaml'
      return {cannotJudge: `${value}: the RAM is not known`, cure}
    }
    const summary = `${value}; ${workers} autovacuum workers may take ${bytes(each * workers)} of ${bytes(ramBytes)} RAM`
    const evidence: Evidence[] = [
      {label: 'maintenance_work_mem', value: size, unit: 'bytes', source: 'pg_settings'},
      {label: `${workers} autovacuum workers`, value: each * workers, unit: 'bytes', source: 'pg_settings'},
      {label: 'RAM', value: ramBytes, unit: 'bytes', source: 'as told'},
    ]
    const budget = (ramBytes * options.budget) / 100
    const affordable = roundSize(Math.min(ramBytes / 16, budget / workers, ENOUGH))
    if (size > budget || each * workers > budget) {
      const name = size > budget ? 'maintenance_work_mem' : 'autovacuum_work_mem'
      return {summary, findings: [{...tooMuch(name, summary, options.budget, affordable), evidence}]}
    }
    if (ramBytes < options.minRam || size > options.small || affordable <= size) return {summary, findings: []}
    if (!indexes.ok) return {summary: `${summary}; the sizes of the indexes are not known`, findings: []}
    const index = largestIndex(indexes.data, settingNumber(settings, 'block_size'))
    if (!index || index.bytes <= size) return {summary, findings: []}
    return {summary, findings: [tooLittle(value, index, ramBytes, affordable, evidence)]}
  },
})

type Largest = {name: string; bytes: number}

function largestIndex(indexes: readonly Index[], blockSize: number): Largest | null {
  const [first] = [...indexes].sort((a, b) => b.pages - a.pages || a.oid - b.oid)
  return first ? {name: qualified(first.schema, first.name), bytes: first.pages * blockSize} : null
}
function tooMuch(name: string, title: string, budget: number, to: number): Omit<FindingDraft, 'evidence'> {
  return {
    severity: 'medium',
    subject: name,
    title,
    detail: `More than ${number(budget)} % at once is missing elsewhere when the tables are large. That it happened was not seen.`,
    confidence: 'estimated',
    fixes: [{kind: 'setting', name, to: sizeText(to)}],
  }
}

function tooLittle(value: string, index: Largest, ram: number, to: number, evidence: Evidence[]): FindingDraft {
  return {
    severity: 'low',
    subject: 'maintenance_work_mem',
    title: `${value} with ${bytes(ram)} RAM, and an index of ${bytes(index.bytes)}`,
    detail: `Building ${index.name} again would sort on disk. No slow build was seen.`,
    evidence: [
      ...evidence,
      {label: `index ${index.name}`, value: index.bytes, unit: 'bytes', source: 'pg_class.relpages'},
    ],
    confidence: 'estimated',
    fixes: [{kind: 'setting', name: 'maintenance_work_mem', to: sizeText(to)}],
  }
}
