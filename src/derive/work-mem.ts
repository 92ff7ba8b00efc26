import type {Evidence, FindingDraft, FixRequest} from '../rule.js'
import type {Setting} from '../snapshot.js'
import {quoteIdent} from '../sql/quote.js'
import {bytes, number} from '../units.js'
import type {Demand} from './connections.js'
import {type AppValue, ceilWorkMem, floorWorkMem, sizeText, type WorstCase, worstCase} from './memory.js'
import type {Spill, TempRate} from './spills.js'

export type MemoryLimits = {demand: Demand | null; busy: number; warnAt: number; highAt: number}

export type MemoryAtTarget = WorstCase & {
  ramBytes: number
  demand: Demand
  /** the largest work_mem whose worst case stays within the budget; 0: not even 1MB does */
  affordable: number
}
type Unknown = {unknown: string}

/** What all backends of the target load may take together, and what work_mem the RAM allows. */
export function memoryAtTarget(
  settings: readonly Setting[],
  workMem: number,
  {demand, busy, warnAt}: MemoryLimits,
  ramBytes: number | undefined,
): MemoryAtTarget | Unknown {
  if (ramBytes === undefined) return {unknown: 'the RAM is not known (--ram 16GB)'}
  if (!demand) return {unknown: 'the target load is not known (--users N)'}
  const worst = worstCase(settings, demand.connections, busy, workMem)
  const affordable = floorWorkMem(((ramBytes * warnAt) / 100 - worst.fixed) / worst.shares)
  return {...worst, ramBytes, demand, affordable}
}

/** The worst case, when it is too much. Never recommends a value that would be too much again. */
export function memoryFinding(
  memory: MemoryAtTarget,
  value: AppValue,
  {warnAt, highAt, busy, smallest}: Omit<MemoryLimits, 'demand'> & {smallest: number},
): FindingDraft[] {
  const {total, ramBytes, demand, formula, affordable} = memory
  const share = (total / ramBytes) * 100
  if (share <= warnAt) return []
  const fewer: FixRequest = {
    kind: 'action',
    title: 'Let fewer backends run at once',
    steps: [
      `${bytes(ramBytes)} leave less than ${sizeText(smallest)} for each at ${demand.target}: put a pooler in front, or add RAM.`,
    ],
  }
  const evidence: Evidence[] = [
    {label: 'worst case', value: total, unit: 'bytes', source: formula},
    workMemEvidence(value),
    {label: 'RAM', value: ramBytes, unit: 'bytes', source: 'as told'},
    {label: 'connections at the target load', value: demand.connections, source: `${demand.basis}: ${demand.formula}`},
  ]
  return [
    {
      severity: share > highAt ? 'high' : 'medium',
      subject: 'work_mem',
      title: `work_mem = ${sizeText(value.bytes)} may take ${number(Math.round(share))} % of the RAM at ${demand.target}`,
      detail: `It happens when ${busy} % of the connections sort or hash at once. That memory ran out was not seen.`,
      evidence,
      confidence: demand.basis === 'assumed' ? 'assumed' : 'estimated',
      fixes: [
        ...(affordable < smallest ? [fewer] : []),
        ...(affordable > 0 ? [setWorkMem(affordable, value, SMALLER)] : []),
      ],
    },
  ]
}

function workMemEvidence({bytes: value, override}: AppValue): Evidence {
  const where = override?.database ? ` in database ${quoteIdent(override.database)}` : ''
  const who = override?.role ? ` of role ${quoteIdent(override.role)}` : ''
  return {
    label: 'work_mem',
    value,
    unit: 'bytes',
    source: override ? `pg_db_role_setting${who}${where}` : 'pg_settings',
  }
}

const SMALLER = 'Large sorts may then go through temporary files: give reports a value of their own.'

const setWorkMem = (to: number, {override}: AppValue, note?: string): FixRequest => ({
  kind: 'setting',
  name: 'work_mem',
  to: sizeText(to),
  risk: 'review',
  ...(note ? {note} : {}),
  ...(override?.role ? {role: override.role} : {}),
  ...(override?.database ? {database: override.database} : {}),
})

type SpillOptions = {spillFactor: number; largest: number}

/** Temporary files that were measured, by the statements that write them, and the work_mem that would hold them. */
export function spillFinding(
  database: string,
  temp: TempRate,
  spills: Spill[],
  value: AppValue,
  memory: MemoryAtTarget | Unknown,
  options: SpillOptions,
): FindingDraft {
  const perFile = temp.files > 0 ? temp.bytes / temp.files : 0
  const largest = Math.max(...(spills.length > 0 ? spills.map(({bytesPerCall}) => bytesPerCall) : [perFile]))
  const need = ceilWorkMem(Math.max(largest * options.spillFactor, value.bytes + 1))
  const who =
    spills.length > 0
      ? `Most is written by: ${spills[0]!.text.slice(0, 200)}`
      : 'Which statements write it was not seen.'
  return {
    severity: 'medium',
    subject: `database ${quoteIdent(database)}`,
    title: `Sorts and hashes write ${bytes(temp.perSecond)}/s of temporary files with work_mem = ${sizeText(value.bytes)}`,
    detail: `How much time the statements lose by that was not measured. ${who}`,
    evidence: [
      {label: 'temporary files', value: temp.bytes, unit: 'bytes', source: temp.source},
      {label: 'number of files', value: temp.files, source: temp.source},
      workMemEvidence(value),
      ...spills.map(
        ({text, queryid, calls, bytesPerCall}): Evidence => ({
          label: `per call: ${text.slice(0, 60)}`,
          value: bytesPerCall,
          unit: 'bytes',
          source: `pg_stat_statements, queryid ${queryid}, ${number(calls)} calls`,
        }),
      ),
    ],
    confidence: 'measured',
    fixes: [spillFix(need, value, memory, options.largest)],
  }
}

/** For all statements when the RAM allows it, else only for those that spill, else another way to write them. */
function spillFix(need: number, value: AppValue, memory: MemoryAtTarget | Unknown, largest: number): FixRequest {
  const known = 'unknown' in memory ? null : memory
  if (need <= Math.min(largest, known?.affordable ?? largest)) {
    return setWorkMem(need, value, known ? undefined : 'Whether the RAM allows it at the target load was not judged.')
  }
  if (need <= (known ? known.ramBytes / 20 : 4 * largest)) return onlyThere(need)
  return {
    kind: 'action',
    title: 'Make these statements sort and hash less',
    steps: [
      `They would need about ${sizeText(need)} each: too much to give to a statement.`,
      'Look at them with EXPLAIN (ANALYZE, BUFFERS): an index in the order wanted, a LIMIT or fewer columns avoid the sort.',
    ],
  }
}

/** For statements that few run at the same time. */
export function onlyThere(need: number): FixRequest {
  const set = `SET LOCAL work_mem = '${sizeText(need)}'`
  return {
    kind: 'app',
    title: `Give work_mem = ${sizeText(need)} to these statements only`,
    note: 'For all backends at once it would be too much. Only where few run at the same time.',
    by: {
      django: {
        where: 'the view or task that runs it',
        lines: ['with transaction.atomic(), connection.cursor() as cursor:', `    cursor.execute("${set}")`, '    ...'],
      },
      rails: {
        where: 'the code that runs it',
        lines: ['ApplicationRecord.transaction do', `  ApplicationRecord.connection.execute("${set}")`, '  ...', 'end'],
      },
      plain: {where: 'the code that runs it, in the same transaction', lines: ['BEGIN;', `${set};`, '...', 'COMMIT;']},
    },
  }
}
