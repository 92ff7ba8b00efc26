import {number} from '../../../units.js'
import {ACTIVITY, type Cause, LEAST_SESSIONS, NO_SESSIONS} from '../cause.js'

/** Of the active sessions. */
const IO_PERCENT = 30

export default {
  id: 'IO_OR_INDEX',
  title: 'Sessions waited for the disk',
  rules: [
    'indexes/missing',
    'tables/seq-scan-heavy',
    'indexes/foreign-key-unindexed',
    'queries/temp-spill',
    'memory/shared-buffers',
  ],
  check({facts: {sessions}}) {
    if (!sessions) return NO_SESSIONS
    const {active, ioWaits, statements} = sessions
    const percent = active > 0 ? (ioWaits / active) * 100 : 0
    const reached = active >= LEAST_SESSIONS ? percent / IO_PERCENT : 0
    return {
      reached,
      fires: reached >= 1,
      summary: `${number(Math.round(percent))} % of the active sessions waited for reading or writing`,
      confidence: 'measured',
      evidence: [
        {label: 'waiting for I/O, of the active sessions', value: percent, unit: 'percent', source: ACTIVITY},
        ...(statements[0] ? [{label: 'most frequent statement', value: statements[0].text, source: ACTIVITY}] : []),
      ],
      look: ['ahsp-db indexes costs the indexes that the workload lacks; memory that is too small looks the same.'],
    }
  },
} satisfies Cause as Cause
