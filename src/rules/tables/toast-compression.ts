import {defineRule} from '../../rule.js'
import type {Table} from '../../snapshot.js'
import {qualified} from '../../sql/quote.js'
import {bytes} from '../../units.js'

const LZ4 = 'lz4'

export default defineRule({
  id: 'tables/toast-compression',
  title: 'Large values compressed with the slow method',
  category: 'tables',
  needs: ['server', 'settings', 'tables'],
  options: {
    minBytes: {default: 1024 ** 3, unit: 'bytes', help: 'less TOAST than this in all tables together is left alone'},
    largeBytes: {default: 20 * 1024 ** 3, unit: 'bytes', help: 'low from this much on'},
  },
  severity: {
    low: 'largeBytes of TOAST or more: reading and writing these values costs CPU that lz4 saves',
    info: 'minBytes or more: worth knowing when CPU is short; new values only',
  },
  why:
    'Long texts and JSON are compressed before they are stored, with pglz unless told otherwise. lz4 (since ' +
    'PostgreSQL 14) takes a fraction of the CPU for about the same size.',
  references: ['https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-DEFAULT-TOAST-COMPRESSION'],
  peers: [],
  check({server, settings, tables}, options) {
    const setting = settings.find(({name}) => name === 'default_toast_compression')
    if (!setting) return {summary: `PostgreSQL ${server.version} knows one method only`, findings: []}
    if (setting.value === LZ4) return {summary: 'default_toast_compression = lz4', findings: []}
    if (!setting.choices?.includes(LZ4)) return {summary: 'this build of PostgreSQL has no lz4', findings: []}
    const toast = ({toastPages}: Table) => toastPages * 8192
    const total = tables.reduce((sum, table) => sum + toast(table), 0)
    const summary = `default_toast_compression = ${setting.value}, for ${bytes(total)} of TOAST`
    if (total < options.minBytes) return {summary, findings: []}
    const largest = tables.reduce((a, b) => (toast(b) > toast(a) ? b : a))
    return {
      summary,
      findings: [
        {
          severity: total >= options.largeBytes ? 'low' : 'info',
          subject: 'default_toast_compression',
          title: `${bytes(total)} of large values, and new ones are compressed with ${setting.value}`,
          detail:
            `Most of it is in ${qualified(largest.schema, largest.name)}. Not seen from here: whether these values ` +
            'compress at all (images do not), and whether CPU is short.',
          evidence: [
            {label: 'TOAST', value: total, unit: 'bytes', source: 'pg_class.relpages'},
            {label: `TOAST of ${largest.name}`, value: toast(largest), unit: 'bytes', source: 'pg_class.relpages'},
            {label: setting.name, value: setting.value, source: 'pg_settings'},
          ],
          confidence: 'measured',
          fixes: [
            {
              kind: 'setting',
              name: setting.name,
              to: LZ4,
              risk: 'safe',
              note: 'Values that are stored already stay as they are, and are read as before.',
            },
          ],
        },
      ],
    }
  },
})
