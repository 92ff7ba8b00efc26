import {cachePercents, meanMs, type TrendPoint} from '../../history/trend.js'
import {SEVERITIES} from '../../rule.js'
import {timestamp} from '../summary.js'
import {bytes, milliseconds, number} from '../units.js'
import {type Html, html} from './html.js'
import type {PageInput, Section} from './page.js'
import {short} from './parts.js'
import {type Series, trendFigure} from './trend-figure.js'

const STATEMENTS = 5

/** How the numbers went over the history. Null: there is none. */
export function trendsSection({trend, workload}: PageInput): Section | null {
  if (trend.length < 2) return null
  const at = trend.map(point => point.at)
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
      format: value => `${number(value)} %`,
      isZoomed: true,
    }),
    trendFigure({
      id: 'trend-size',
      title: 'Database size',
      at,
      series: [{name: 'size', values: trend.map(({sizeBytes}) => sizeBytes)}],
      format: bytes,
    }),
    ...(workload?.rows ?? []).slice(0, STATEMENTS).map((row, rank) =>
      trendFigure({
        id: `trend-statement-${rank + 1}`,
        title: html`Mean of <code>${short(row.readable || row.text || `queryid ${row.queryids[0]}`, 70)}</code>`,
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
