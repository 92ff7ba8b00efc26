import {timestamp} from '../summary.js'
import {COLOR, figure, type Option} from './chart.js'
import {type Html, html} from './html.js'

export type Series = {
  name: string
  values: readonly (number | null)[]
  color?: string
  /** dashed: what must not be reached */
  isLimit?: boolean
}

export type Range = {min: number; max: number; interval?: number}

export type Trend = {
  id: string
  title: string | Html
  /** for those who hear it, when the title is more than words */
  name?: string
  at: readonly number[]
  series: readonly Series[]
  format: (value: number) => string
  /** bars upon each other instead of lines */
  isStacked?: boolean
  /** of the axis, by the lowest and highest value; else it begins at 0 */
  range?: (low: number, high: number) => Range
}

/** One small chart over the time of the runs. Null: fewer than two of them knew the number. */
export function trendFigure(trend: Trend): Html | null {
  const {id, title, at, series, format} = trend
  const name = trend.name ?? String(title)
  const known = series.filter(({values}) => values.filter(value => value !== null).length > 1)
  if (known.length === 0) return null
  return html`<div>${figure({
    legend: known.length > 1 ? known.map((each, rank) => ({name: each.name, color: colorOf(each, rank)})) : [],
    id,
    title,
    name,
    says: `${name} over ${at.length} runs: ${known.map(each => said(each, format)).join('; ')}.`,
    option: () => option({...trend, series: known}),
    height: 170,
    isSmall: true,
    columns: [
      {head: 'Run', cell: (run: number) => timestamp(at[run]!)},
      ...known.map(({name: head, values}) => ({
        head,
        cell: (run: number) => (values[run] == null ? '' : format(values[run])),
        isNumber: true,
      })),
    ],
    rows: at.map((_, run) => run),
  })}</div>`
}

function said({name, values}: Series, format: (value: number) => string): string {
  const known = values.filter(value => value !== null)
  return `${name} from ${format(known[0]!)} to ${format(known.at(-1)!)}, at most ${format(Math.max(...known))}`
}

function option({at, series, format, isStacked = false, range}: Trend): Option {
  const values = series.flatMap(each => each.values).filter(value => value !== null)
  const drawn = series.map((each, rank) => (isStacked ? bars(each, rank) : line(each, rank, at, series.length > 1)))
  return {
    grid: {left: 62, right: 16, top: 12, bottom: 26},
    xAxis: isStacked ? runsAxis(at) : timeAxis(at),
    yAxis: {
      type: 'value',
      ...range?.(Math.min(...values), Math.max(...values)),
      splitNumber: 3,
      minInterval: isStacked ? 1 : undefined,
      axisLabel: {color: COLOR.muted, formatter: format},
      axisLine: {show: false},
      axisTick: {show: false},
      splitLine: {lineStyle: {color: COLOR.line}},
    },
    series: drawn,
  }
}

const bars = ({name, values, color}: Series, rank: number) => ({
  name,
  type: 'bar',
  stack: 'all',
  silent: true,
  barMaxWidth: 26,
  itemStyle: {color: colorOf({color}, rank)},
  data: values.map(value => value ?? '-'),
})

const line = ({name, values, color, isLimit = false}: Series, rank: number, at: readonly number[], isMany: boolean) => {
  const drawn = colorOf({color}, rank)
  return {
    name,
    type: 'line',
    silent: true,
    symbol: isLimit || values.length > 30 ? 'none' : 'circle',
    symbolSize: 5,
    itemStyle: {color: drawn},
    lineStyle: {color: drawn, width: 2, type: isLimit ? 'dashed' : 'solid'},
    ...(isLimit || isMany ? {} : {areaStyle: {color: drawn, opacity: 0.12}}),
    data: values.map((value, run) => [at[run]! * 1000, value]),
  }
}

const AXIS = {axisLine: {lineStyle: {color: COLOR.line}}, axisTick: {show: false}, splitLine: {show: false}}

/** Labels at the ends only: what a narrow chart has room for. */
const timeAxis = (at: readonly number[]) => {
  const [min, max] = [at[0]! * 1000, at.at(-1)! * 1000]
  const label = (value: number) => dayAndTime(value / 1000, max - min)
  return {
    ...AXIS,
    type: 'value',
    min,
    max,
    interval: Math.max(1, max - min),
    axisLabel: {color: COLOR.muted, formatter: label, alignMinLabel: 'left', alignMaxLabel: 'right'},
  }
}

const runsAxis = (at: readonly number[]) => ({
  ...AXIS,
  type: 'category',
  data: at.map(each => dayAndTime(each, (at.at(-1)! - at[0]!) * 1000)),
  axisLabel: {
    color: COLOR.muted,
    interval: (run: number) => run === 0 || run === at.length - 1,
    alignMinLabel: 'left',
    alignMaxLabel: 'right',
  },
})

const DAY_MS = 86_400_000

const dayAndTime = (at: number, spanMs: number): string =>
  spanMs > 2 * DAY_MS ? timestamp(at).slice(0, 10) : timestamp(at).slice(5, 16)

const colorOf = ({color}: Pick<Series, 'color'>, rank: number): string =>
  color ?? COLOR.series[rank % COLOR.series.length]!
