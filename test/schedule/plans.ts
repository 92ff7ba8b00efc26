import type {Plan} from '../../src/schedule/plan.js'
import type {ScheduleFlags} from '../../src/schedule/request.js'
import {DEFAULT_COMMAND} from '../../src/schedule/request.js'
import {BIN} from '../cli.js'

export const CONNINFO = 'host=db.example dbname=app user=ahsp_db'

export const flags = (given: Partial<ScheduleFlags> = {}): ScheduleFlags => ({
  every: '15min',
  command: DEFAULT_COMMAND,
  mail: 'root',
  program: `${process.execPath} ${BIN}`,
  ...given,
})

export const plan = (given: Partial<Plan> = {}): Plan => ({
  program: ['/usr/bin/node', '/opt/ahsp-db/bin/run.js'],
  command: ['check', '--save', CONNINFO],
  when: {kind: 'minutes', each: 15},
  mail: 'root',
  version: '1.2.3',
  ...given,
})
