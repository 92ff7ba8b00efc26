import {ceilWorkMem, sizeText} from '../../derive/memory.js'
import {lookedAt, MOST, type Query, queriesOf, queryEvidence, querySubject, shownText} from '../../derive/queries.js'
import {settingBytes, settingNumber} from '../../derive/settings.js'
import {onlyThere} from '../../derive/work-mem.js'
import {defineRule, type FindingDraft, type FixRequest} from '../../rule.js'
import {bytes} from '../../units.js'

export default defineRule({
  id: 'queries/temp-spill',
  title: 'Statement that sorts or hashes through large temporary files',
  category: 'queries',
  needs: ['server', 'settings', 'statements', 'statementTexts', 'statementsInfo'],
  settings: ['block_size', 'work_mem'],
  options: {
    minPerCall: {default: 32 * 1024 ** 2, unit: 'bytes', help: 'less than this a larger work_mem for all would hold'},
    minCalls: {default: 10, unit: 'count', help: 'what ran less often is a report that somebody waits for'},
    minShare: {default: 1, unit: 'percent', help: 'it must take this share of the time of all statements'},
    slow: {default: 1000, unit: 'milliseconds', help: 'medium from this mean time on'},
    spillFactor: {default: 3, unit: 'ratio', help: 'memory that replaces one byte of temporary file'},
    largest: {default: 1024 ** 3, unit: 'bytes', help: 'more memory than this is not advised for one statement'},
  },
  severity: {
    medium: 'each call takes slow or longer: people wait for it, and the disk is busy for the others as well',
    low: 'the calls are faster than that',
  },
  why:
    'What does not fit in work_mem is written to temporary files and read again, several times slower than memory. ' +
    'When one call writes this much, a larger work_mem for everybody is the wrong tool: the statement is to be changed.',
  references: ['https://www.postgresql.org/docs/current/runtime-config-resource.html#GUC-WORK-MEM'],
  peers: ['FA', 'PB'],
  check({settings, ...input}, options) {
    const blockSize = settingNumber(settings, 'block_size')
    const queries = queriesOf(input)
    const perCall = ({tempWritten, calls}: Query) => (tempWritten * blockSize) / calls
    const spilling = queries
      .filter(
        query =>
          perCall(query) >= options.minPerCall && query.calls >= options.minCalls && query.share >= options.minShare,
      )
      .sort((a, b) => b.tempWritten - a.tempWritten)
    const workMem = settingBytes(settings, 'work_mem')
    return {
      summary: lookedAt(spilling.length, queries, `write ${bytes(options.minPerCall)} of temporary files per call`),
      findings: spilling.slice(0, MOST).map(query => draft(query, perCall(query), workMem, options)),
    }
  },
})

type Limits = {slow: number; spillFactor: number; largest: number}

function draft(query: Query, spilled: number, workMem: number, {slow, spillFactor, largest}: Limits): FindingDraft {
  const need = ceilWorkMem(spilled * spillFactor)
  return {
    severity: query.meanMs >= slow ? 'medium' : 'low',
    subject: querySubject(query),
    title: `A statement writes ${bytes(spilled)} of temporary files at each call`,
    detail:
      `${shownText(query)} - Whether work_mem fits the others is another question (memory/work-mem). Which step of its ` +
      'plan spills was not looked at: EXPLAIN (ANALYZE, BUFFERS) tells.',
    evidence: [
      ...queryEvidence(
        query,
        {label: 'temporary files per call', value: spilled, unit: 'bytes'},
        {label: 'rows per call', value: query.rows / query.calls, unit: 'count'},
      ),
      {label: 'work_mem', value: sizeText(workMem), source: 'pg_settings'},
    ],
    confidence: 'measured',
    fixes: need <= largest ? [onlyThere(need), less(need)] : [less(need)],
  }
}

const less = (need: number): FixRequest => ({
  kind: 'action',
  title: 'Let it sort and hash less',
  steps: [
    `In memory it would need about ${sizeText(need)} for each call.`,
    'An index in the order that is wanted saves the sort; a LIMIT (a page) keeps only its first rows.',
    'Fewer and narrower columns make each row of the sort smaller; filter before joining.',
  ],
})
