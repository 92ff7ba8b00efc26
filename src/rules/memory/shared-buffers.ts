import {cacheMisses, roundSize, sizeText} from '../../derive/memory.js'
import {settingBytes} from '../../derive/settings.js'
import {defineRule, type Evidence, type FindingDraft} from '../../rule.js'
import type {Database, Section} from '../../snapshot.js'
import {bytes, number} from '../../units.js'

/** Their cache is not PostgreSQL's own, so the usual share of the RAM means nothing there. */
const OWN_CACHE = ['aurora', 'alloydb', 'neon']

/** What PostgreSQL starts with when nobody has said anything. */
const DEFAULT = 128 * 1024 ** 2

const ASK = 'ahsp-db check --ram 16GB   # or hardware: ram: in ahsp-db.yaml'

export default defineRule({
  id: 'memory/shared-buffers',
  title: "PostgreSQL's cache does not fit the machine",
  category: 'memory',
  needs: ['server', 'settings'],
  uses: ['databases'],
  settings: ['shared_buffers'],
  options: {
    low: {default: 15, unit: 'percent', help: 'too small below this share of the RAM'},
    high: {default: 40, unit: 'percent', help: 'too large above this share of the RAM'},
    misses: {default: 1, unit: 'percent', help: 'share of block accesses read from outside that counts as evidence'},
    minAccesses: {default: 50_000, unit: 'count', help: 'block accesses below which the share of misses says nothing'},
  },
  severity: {
    medium: 'above high: pages are kept twice and backends lack memory; or below low, with measured cache misses',
    low: 'below low without measured misses, or the default of 128MB with misses while the RAM is unknown',
  },
  why:
    'Pages that are not in shared_buffers are fetched from the operating system, and copied, again and again. A quarter ' +
    'of the RAM leaves enough for the file cache and for the work of the backends.',
  references: ['https://www.postgresql.org/docs/current/runtime-config-resource.html#GUC-SHARED-BUFFERS'],
  peers: ['PC', 'TU', 'FA', 'DX'],
  check({server, settings, databases}, options, {ramBytes}) {
    const platform = server.platformEvidence.find(({platform}) => OWN_CACHE.includes(platform))
    if (platform) return {cannotJudge: `${platform.platform} sizes its cache by itself (${platform.evidence})`}
    const size = settingBytes(settings, 'shared_buffers')
    const value = `shared_buffers = ${sizeText(size)}`
    const use = cacheUse(databases, server.database, options)
    const draft = {subject: 'shared_buffers', evidence: evidence(size, ramBytes, use)}
    const isLarger = use.databaseSize !== null && use.databaseSize > size
    if (ramBytes === undefined) {
      if (size !== DEFAULT || !isLarger || !use.isMissing)
        return {cannotJudge: `${value}: the RAM is not known`, cure: ASK}
      return {summary: `${value}, the default`, findings: [{...draft, ...unsized(value, use)}]}
    }
    const share = (size / ramBytes) * 100
    const summary = `${value} is ${number(Number(share.toPrecision(2)))} % of ${bytes(ramBytes)} RAM`
    const fixes = [{kind: 'setting' as const, name: 'shared_buffers', to: sizeText(roundSize(ramBytes / 4))}]
    if (share > options.high) {
      const detail = `More than ${options.high} % leaves little for backends and file cache. That memory ran out was not seen.`
      return {summary, findings: [{...draft, severity: 'medium', confidence: 'assumed', title: summary, detail, fixes}]}
    }
    if (share >= options.low) return {summary, findings: []}
    if (use.databaseSize !== null && !isLarger && !use.isMissing) {
      return {summary: `${value} holds the whole database (${bytes(use.databaseSize)})`, findings: []}
    }
    return {summary, findings: [{...draft, ...tooSmall(use), title: summary, fixes}]}
  },
})

type CacheUse = {databaseSize: number | null; misses: ReturnType<typeof cacheMisses>; isMissing: boolean}

function cacheUse(
  databases: Section<Database[]>,
  name: string,
  limits: {misses: number; minAccesses: number},
): CacheUse {
  if (!databases.ok) return {databaseSize: null, misses: null, isMissing: false}
  const misses = cacheMisses(databases.data)
  const isMissing = misses !== null && misses.accesses >= limits.minAccesses && misses.percent >= limits.misses
  return {databaseSize: databases.data.find(database => database.name === name)?.sizeBytes ?? null, misses, isMissing}
}

function evidence(size: number, ramBytes: number | undefined, {databaseSize, misses}: CacheUse): Evidence[] {
  const list: Evidence[] = [{label: 'shared_buffers', value: size, unit: 'bytes', source: 'pg_settings'}]
  if (ramBytes !== undefined) list.push({label: 'RAM', value: ramBytes, unit: 'bytes', source: 'as told'})
  if (databaseSize !== null) {
    list.push({label: 'size of the database', value: databaseSize, unit: 'bytes', source: 'pg_class.relpages'})
  }
  if (misses) {
    const source = `pg_stat_database: blks_read of ${number(misses.accesses)} accesses`
    list.push({label: 'blocks not in this cache', value: misses.percent, unit: 'percent', source})
  }
  return list
}

type Judgement = Pick<FindingDraft, 'severity' | 'confidence' | 'detail'>

function tooSmall({isMissing}: CacheUse): Judgement {
  const seen =
    'Blocks are missing from this cache. How many of them the file cache served, and how slowly, was not seen.'
  const unseen = 'No lack was measured: a larger cache may change nothing that users notice.'
  return isMissing
    ? {severity: 'medium', confidence: 'estimated', detail: seen}
    : {severity: 'low', confidence: 'assumed', detail: unseen}
}

function unsized(value: string, {databaseSize}: CacheUse): Omit<FindingDraft, 'subject' | 'evidence'> {
  return {
    severity: 'low',
    confidence: 'assumed',
    title: `${value}, the default, for a database of ${bytes(databaseSize ?? 0)}`,
    detail: 'Blocks are missing from this cache. How much memory it could be given is not known.',
    fixes: [
      {
        kind: 'action',
        title: 'Set shared_buffers to a quarter of the RAM',
        steps: [`Tell the RAM to get the exact lines: ${ASK}`],
      },
    ],
  }
}
