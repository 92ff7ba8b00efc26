import {changeLine, distinctLines, isSameLine, lineOf, type PoolLine} from '../../derive/pool-lines.js'
import {type PoolLimit, poolCapacity, poolerName, poolerNumber} from '../../derive/pooler.js'
import {entryName} from '../../derive/pooler-settings.js'
import {type Confidence, type Context, defineRule, type Evidence, type FindingDraft} from '../../rule.js'
import type {Pooler} from '../../snapshot.js'

export default defineRule({
  id: 'pooler/min-pool-size',
  title: 'The pool is opened anew whenever load begins',
  category: 'pooler',
  asksFor: 'pooler',
  needs: ['poolers'],
  options: {
    smallest: {default: 10, unit: 'count', help: 'smaller pools are filled quickly'},
    logins: {default: 5, unit: 'count', help: 'server connections opened during the run that count as a spike'},
  },
  severity: {
    low: 'min_pool_size = 0, and logins to the server were seen, or many users are to come: the first of them wait',
  },
  why:
    'PgBouncer closes idle server connections and opens new ones one at a time for each pool, each with a login. ' +
    'A pool that is kept half open serves the first wave of users without that wait.',
  references: ['https://www.pgbouncer.org/config.html#min_pool_size'],
  check({poolers}, options, context) {
    const large = poolCapacity(poolers, () => true).pools.filter(({poolSize}) => poolSize >= options.smallest)
    if (large.length === 0) return {summary: `no pool has ${options.smallest} connections or more`, findings: []}
    const empty = large.filter(limit => minOf(limit) === 0)
    if (empty.length === 0) {
      return {summary: `min_pool_size = ${Math.min(...large.map(minOf))}`, findings: []}
    }
    const seen = empty.map(limit => ({limit, spike: spikeOf(limit.pooler, options.logins, context)}))
    const lines = distinctLines(empty.map(({pooler, database}) => lineOf(pooler, database, 'min')))
    return {
      summary: 'min_pool_size = 0; no rush of logins to the server was seen',
      findings: lines.flatMap(line => {
        const own = seen.filter(({limit: {pooler, database}}) => isSameLine(line, lineOf(pooler, database, 'min')))
        const {limit, spike} = own[0]!
        const half = Math.floor(Math.min(...own.map(({limit}) => limit.poolSize)) / 2)
        return spike ? [finding(line, limit, spike, half)] : []
      }),
    }
  },
})

const minOf = ({pooler, database}: PoolLimit): number =>
  database.minPoolSize ?? poolerNumber(pooler, 'min_pool_size') ?? 0

type Spike = {evidence: Evidence; confidence: Confidence}

/** Backends that were not there in the look before, or are being opened now; else what the users will cause. */
function spikeOf(pooler: Pooler, logins: number, {users}: Context): Spike | null {
  const looks = pooler.samples.filter(({remotePids}) => remotePids.length > 0)
  const opened = looks.slice(1).reduce((sum, {remotePids}, at) => {
    const before = new Set(looks[at]!.remotePids)
    return sum + remotePids.filter(pid => !before.has(pid)).length
  }, 0)
  const opening = Math.max(
    0,
    ...pooler.samples.map(({pools}) => pools.reduce((sum, pool) => sum + pool.serversLogin, 0)),
  )
  if (opened + opening >= logins) {
    const source = 'SHOW SERVERS, new backends between looks, and SHOW POOLS sv_login'
    return {evidence: {label: 'server connections opened', value: opened + opening, source}, confidence: 'measured'}
  }
  if (users === undefined) return null
  return {evidence: {label: 'users to come', value: users, source: '--users'}, confidence: 'assumed'}
}

function finding(line: PoolLine, limit: PoolLimit, {evidence, confidence}: Spike, half: number): FindingDraft {
  return {
    severity: 'low',
    subject: line.database === undefined ? poolerName(limit.pooler) : entryName(limit.pooler, limit.database),
    title: `min_pool_size = 0: a pool of ${limit.poolSize} begins empty`,
    detail:
      confidence === 'measured'
        ? 'Server connections were opened while this ran: each is a login that somebody waited for.'
        : 'No such wait was seen here: it comes when many users begin at the same moment.',
    evidence: [
      {label: 'min_pool_size', value: 0, source: 'SHOW DATABASES, SHOW CONFIG'},
      {label: 'pool size', value: limit.poolSize, source: 'SHOW DATABASES'},
      evidence,
    ],
    confidence,
    fixes: [
      changeLine(line, half, {note: 'a pool is kept open once somebody has used it, while clients are connected'}),
    ],
  }
}
