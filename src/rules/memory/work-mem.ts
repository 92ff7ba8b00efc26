import {demandFor, observedClients, usableConnections} from '../../derive/connections.js'
import {sizeText, WORST_CASE_SETTINGS, workMemOfApplication} from '../../derive/memory.js'
import {pooledDemand} from '../../derive/pooled-demand.js'
import {settingNumber} from '../../derive/settings.js'
import {spillingStatements, tempRate} from '../../derive/spills.js'
import {workloadOf} from '../../derive/statements.js'
import {statisticsWindow} from '../../derive/window.js'
import {type MemoryLimits, memoryAtTarget, memoryFinding, spillFinding} from '../../derive/work-mem.js'
import {type Context, defineRule} from '../../rule.js'
import type {Activity, Database, Section, Setting} from '../../snapshot.js'
import {bytes} from '../../units.js'

const ASK = 'ahsp-db check --ram 16GB --users N --window 60s'

export default defineRule({
  id: 'memory/work-mem',
  title: 'Memory for sorts and hashes is too small, or too large for the number of backends',
  category: 'memory',
  needs: ['server', 'settings', 'databases'],
  uses: ['activity', 'roles', 'poolers', 'roleSettings', 'fileSettings', 'checkpoints', 'statements', 'statementTexts'],
  settings: [...WORST_CASE_SETTINGS, 'max_connections', 'superuser_reserved_connections', 'block_size'],
  options: {
    tempPerSecond: {default: 1024 ** 2, unit: 'bytes', help: 'temporary files written per second that are too much'},
    minWindow: {default: 3600, unit: 'seconds', help: 'history needed to judge temporary files without --window'},
    spillFactor: {default: 3, unit: 'ratio', help: 'memory that replaces one byte of temporary file'},
    largest: {default: 64 * 1024 ** 2, unit: 'bytes', help: 'advise no more than this for all statements'},
    smallest: {default: 4 * 1024 ** 2, unit: 'bytes', help: 'advise fewer backends before less than this'},
    warnAt: {default: 50, unit: 'percent', help: 'worst case at the target load: medium above this share of the RAM'},
    highAt: {default: 80, unit: 'percent', help: 'high above this share of the RAM'},
    busy: {default: 50, unit: 'percent', help: 'share of the connections that fill their work_mem at the same moment'},
    overhead: {default: 25, unit: 'count', help: 'backends assumed for jobs, admin and monitoring'},
  },
  severity: {
    high: 'the worst case at the target load is above highAt of the RAM: the kernel may end the whole server',
    medium: 'the worst case is above warnAt, or temporary files grow by tempPerSecond or more',
  },
  why:
    'A sort or hash that does not fit in work_mem goes through temporary files and takes several times as long. Each ' +
    'backend may take work_mem more than once, so a value that is fine for ten users can exhaust the RAM with a hundred.',
  references: ['https://www.postgresql.org/docs/current/runtime-config-resource.html#GUC-WORK-MEM'],
  peers: ['PB', 'PD', 'FA', 'RX', 'PC'],
  check(sections, options, context, window) {
    const {server, settings, databases, activity, statements, statementTexts} = sections
    const {roleSettings, fileSettings, checkpoints} = sections
    const database = databases.find(({name}) => name === server.database)
    if (!database) return {cannotJudge: 'the counters of this database could not be read'}
    const value = workMemOfApplication(settings, roleSettings, fileSettings, activity, server.database)
    const demand = pooledDemand(sections, context) ?? demandOf(activity, databases, context, options.overhead)
    const limits = {...options, demand: capped(demand, settings)}
    const memory = memoryAtTarget(settings, value.bytes, limits, context.ramBytes)
    const statistics = statisticsWindow(database, server, checkpoints)
    const temp = tempRate(database, statistics, window, {minWindow: options.minWindow, limit: options.tempPerSecond})
    const name = `work_mem = ${sizeText(value.bytes)}`
    if ('unknown' in memory && 'unknown' in temp) {
      return {cannotJudge: `${name}: ${memory.unknown}, and ${temp.unknown}`, cure: ASK}
    }
    const known =
      statements.ok && statementTexts.ok ? workloadOf(statements.data, statementTexts.data, database.name) : []
    const spills = spillingStatements(known, settingNumber(settings, 'block_size'), 3)
    const findings = [
      ...('unknown' in memory ? [] : memoryFinding(memory, value, options)),
      ...('unknown' in temp || temp.perSecond < options.tempPerSecond
        ? []
        : [spillFinding(database.name, temp, spills, value, memory, options)]),
    ]
    const rate =
      'unknown' in temp
        ? `temporary files not judged: ${temp.unknown}`
        : `${bytes(temp.perSecond)}/s of temporary files`
    const worst =
      'unknown' in memory
        ? `worst case not judged: ${memory.unknown}`
        : `worst case ${bytes(memory.total)} of ${bytes(memory.ramBytes)} RAM`
    return {summary: `${name}: ${rate}; ${worst}`, findings}
  },
})

/** Backends at the target load; null: the target is not known. */
function demandOf(activity: Section<Activity>, databases: Database[], context: Context, overhead: number) {
  return demandFor(context, observedClients(activity, {ok: true, data: databases})?.peak ?? null, overhead)
}

/** Never more than the server has. */
const capped = (demand: MemoryLimits['demand'], settings: Setting[]): MemoryLimits['demand'] =>
  demand && {...demand, connections: Math.min(demand.connections, usableConnections(settings).usable)}
