import {cachePercents, meanMs, type TrendPoint} from '../../history/trend.js'
import {SEVERITIES} from '../../rule.js'
import type {WorkloadRow} from '../../workload/types.js'
import {timestamp} from '../summary.js'
import {bytes, milliseconds, number} from '../units.js'
import {type Html, html} from './html.js'
import type {PageInput, Section} from './page.js'
import {short} from './parts.js'
import {type Range, type Series, trendFigure} from './trend-figure.js'

const STATEMENTS = 4

/** How the numbers went over the history. Null: there is none. */
export function trendsSection({trend, workload}: PageInput): Section | null {
  if (trend.length < 2) return null
  const at = trend.map(point => point.at)
  const isKnown = (row: WorkloadRow) => meanMs(trend, row.queryids).filter(value => value !== null).length > 1
  const rows = (workload?.rows ?? []).filter(isKnown)
  const figures = [
    trendFigure({
      id: 'trend-findings',
      title: 'Findings',
      at,
      series: findings(trend),
      format: number,
      isStacked: true,
    }),
    trendFigure({id: 'trend-connections', title: 'Client connections', at, series: connections(trend), format: number}),
    trendFigure({
      id: 'trend-cache',
      title: 'Cache hits between the runs',
      at,
      series: [{name: 'cache hits', values: cachePercents(trend)}],
      format: value => `${Number(value.toFixed(2))} %`,
      range: percentRange,
    }),
    trendFigure({
      id: 'trend-size',
      title: 'Database size',
      at,
      series: [{name: 'size', values: trend.map(({sizeBytes}) => sizeBytes)}],
      format: bytes,
      range: bytesRange,
    }),
    ...rows.slice(0, STATEMENTS).map((row, rank) =>
      trendFigure({
        id: `trend-statement-${rank + 1}`,
        title: html`<span>Mean of <code>${short(row.readable || row.text || `queryid ${row.queryids[0]}`, 70)}</code></span>`,
        name: `Mean of statement ${rank + 1}`,
        at,
        series: [{name: 'mean', values: meanMs(trend, row.queryids)}],
        format: milliseconds,
      }),
    ),
  ].filter((figure): figure is Html => figure !== null)
  const period = `${timestamp(at[0]!)} to ${timestamp(at.at(-1)!)}`
  return {
    id: 'trends',
    title: 'Trends',
    content: html`<p class="note">${trend.length} runs, ${period}.</p><div class="figures">${figures}</div>`,
  }
}

const findings = (trend: readonly TrendPoint[]): Series[] =>
  SEVERITIES.filter(severity => trend.some(point => point.findings[severity] > 0)).map(severity => ({
    name: severity,
    color: `var(--${severity})`,
    values: trend.map(point => point.findings[severity]),
  }))

const connections = (trend: readonly TrendPoint[]): Series[] => [
  {name: 'clients', values: trend.map(({clients}) => clients)},
  {name: 'usable', values: trend.map(({usable}) => usable), color: 'var(--muted)', isLimit: true},
]

/** Near 100 the last percent counts; wide enough that noise does not look like a fall. */
const percentRange = (low: number): Range => ({min: Math.max(0, Math.floor(low) - (low > 99 ? 1 : 5)), max: 100})

/** From 0, in steps that are round as PostgreSQL counts. */
function bytesRange(_low: number, high: number): Range {
  const unit = 1024 ** Math.floor(Math.log(Math.max(1, high)) / Math.log(1024))
  const power = 10 ** Math.floor(Math.log10(Math.max(1, high / unit / 3)))
  const step = [1, 2, 5, 10].find(each => each * power * 3 >= high / unit)! * power * unit
  return {min: 0, max: step * Math.max(1, Math.ceil(high / step)), interval: step}
}
