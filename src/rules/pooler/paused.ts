import {poolerName, poolsNow} from '../../derive/pooler.js'
import {commandStep, entryName} from '../../derive/pooler-settings.js'
import {defineRule, type FindingDraft, type FixRequest} from '../../rule.js'
import type {Pooler, PoolerDatabase} from '../../snapshot.js'
import {seconds} from '../../units.js'

export default defineRule({
  id: 'pooler/paused',
  title: 'The pooler holds its clients back',
  category: 'pooler',
  asksFor: 'pooler',
  needs: ['poolers'],
  options: {},
  severity: {
    critical: 'clients wait for a paused database now: the application stands still',
    high: 'paused or suspended: the first client will wait until somebody resumes it',
    medium: 'disabled: new clients are refused, on purpose or forgotten',
  },
  why:
    'PAUSE, SUSPEND and DISABLE are for maintenance, and nothing ends them but a command. From outside they look like ' +
    'a hung database, while the server has nothing to do.',
  references: ['https://www.pgbouncer.org/usage.html#process-controlling-commands'],
  check({poolers}) {
    const databases = poolers.reduce((sum, {databases}) => sum + databases.length, 0)
    return {
      summary: `${databases} ${databases === 1 ? 'database' : 'databases'} of ${poolers.map(poolerName).join(', ')}`,
      findings: poolers.flatMap(pooler => [
        ...stateFinding(pooler),
        ...pooler.databases.filter(({isPaused}) => isPaused).map(database => paused(pooler, database)),
        ...pooler.databases.filter(({isDisabled}) => isDisabled).map(database => disabled(pooler, database)),
      ]),
    }
  },
})

/** SHOW STATE, 1.19 and later; a pause of everything also shows in each database. */
function stateFinding(pooler: Pooler): FindingDraft[] {
  const isPaused = pooler.databases.some(database => database.isPaused)
  if (pooler.state === null || pooler.state === 'active' || isPaused) return []
  return [
    {
      ...waiting(pooler, null),
      subject: poolerName(pooler),
      title: `PgBouncer is ${pooler.state}`,
      detail: 'Nothing goes to the server until it is resumed.',
      confidence: 'measured',
      fixes: [resume(pooler)],
    },
  ]
}

function paused(pooler: Pooler, database: PoolerDatabase): FindingDraft {
  return {
    ...waiting(pooler, database.name),
    subject: entryName(pooler, database),
    title: `Database ${JSON.stringify(database.name)} is paused`,
    detail: 'No transaction is passed on until it is resumed. Who paused it, and why, only the log of PgBouncer says.',
    confidence: 'measured',
    fixes: [resume(pooler, database.name)],
  }
}

function waiting(pooler: Pooler, database: string | null): Pick<FindingDraft, 'severity' | 'evidence'> {
  const pools = poolsNow(pooler).filter(pool => database === null || pool.database === database)
  const clients = pools.reduce((sum, {clientsWaiting}) => sum + clientsWaiting, 0)
  const longest = Math.max(0, ...pools.map(({maxWait}) => maxWait))
  return {
    severity: clients > 0 ? 'critical' : 'high',
    evidence: [
      {label: 'clients that wait', value: clients, unit: 'count', source: 'SHOW POOLS'},
      {label: 'longest wait', value: seconds(longest), source: 'SHOW POOLS'},
    ],
  }
}

const resume = (pooler: Pooler, database?: string): FixRequest => ({
  kind: 'action',
  title: `Resume ${database === undefined ? 'it' : JSON.stringify(database)}`,
  risk: 'review',
  note: 'Not while the work for which it was paused is going on.',
  steps: [commandStep('In the console of PgBouncer', pooler, 'RESUME', database)],
})

function disabled(pooler: Pooler, database: PoolerDatabase): FindingDraft {
  return {
    severity: 'medium',
    subject: entryName(pooler, database),
    title: `Database ${JSON.stringify(database.name)} is disabled`,
    detail: 'New clients get an error; those that are connected go on. It may be meant so.',
    evidence: [
      {label: 'server connections', value: database.currentConnections, unit: 'count', source: 'SHOW DATABASES'},
    ],
    confidence: 'measured',
    fixes: [
      {
        kind: 'action',
        title: `Let clients in again`,
        risk: 'review',
        note: 'Not when it was disabled on purpose.',
        steps: [commandStep('In the console of PgBouncer', pooler, 'ENABLE', database.name)],
      },
    ],
  }
}
