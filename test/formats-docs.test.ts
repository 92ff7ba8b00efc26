import {readFileSync} from 'node:fs'
import {expect, it} from 'vitest'
import {CSV_COLUMNS} from '../src/render/csv.js'
import {REPORT_FORMATS} from '../src/render/index.js'
import {METRICS} from '../src/render/prometheus-metrics.js'
import {SARIF_LEVELS} from '../src/render/sarif.js'

const docs = readFileSync(new URL('../docs/formats.md', import.meta.url), 'utf8')

it('docs/formats.md names every format, metric, label, level and column, and no others', () => {
  for (const format of REPORT_FORMATS) expect(docs).toContain(`\`${format}\``)
  const metrics = Object.entries(METRICS).map(([name, {labels, help}]) =>
    `| \`${name}\` | ${labels.join(', ')} | ${help} |`.replace('|  |', '| |'),
  )
  expect(docs.match(/^\| `ahsp_db_.*$/gm)).toEqual(metrics)
  const levels = Object.entries(SARIF_LEVELS).map(([severity, level]) => `| ${severity} | ${level} |`)
  expect(docs).toContain(`| severity | level |\n| --- | --- |\n${levels.join('\n')}\n\n`)
  expect(docs).toContain(`a header: ${CSV_COLUMNS.map(name => `\`${name}\``).join(', ')}. `)
})
