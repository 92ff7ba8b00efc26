import {number} from '../units.js'
import type {Budget} from './budget.js'
import {COLOR, figure, type Option} from './chart.js'
import {type Html, html} from './html.js'

type Part = {row: string; name: string; value: number; color: string}

/** What the server has, what is taken, what full pools and the users would take: bars to the same scale. */
export function budgetFigure(budget: Budget): Html {
  const parts = partsOf(budget)
  const rows = [...new Set(parts.map(({row}) => row))]
  const colors = [...new Map(parts.map(({name, color}) => [name, color]))]
  return html`${figure({
    legend: colors.map(([name, color]) => ({name, color})),
    id: 'budget',
    title: 'Connection budget',
    says: sentence(budget),
    option: width => option(parts, rows, budget, width),
    height: 40 + rows.length * 46,
    columns: [
      {head: 'Bar', cell: (part: Part) => part.row},
      {head: 'Part', cell: part => part.name, isWide: true},
      {head: 'Connections', cell: part => number(part.value), isNumber: true},
    ],
    rows: parts,
  })}
<p class="note">${notes(budget)}</p>`
}

function partsOf({usable, now, pools, demand, peak}: Budget): Part[] {
  const [c1, c2, c3, c4, c5] = COLOR.series as [string, string, string, string, string]
  const taken = now
    ? [
        {name: 'active', value: now.active, color: c1},
        {name: 'idle in transaction', value: now.idleInTransaction, color: c2},
        {name: 'idle', value: now.idle, color: c3},
      ]
    : [{name: 'clients', value: peak ?? 0, color: c1}]
  const used = taken.reduce((sum, {value}) => sum + value, 0)
  const server = [
    ...taken,
    {name: 'free', value: Math.max(0, usable.usable - used), color: 'var(--track)'},
    {name: 'reserved', value: usable.reserved, color: 'var(--reserved)'},
  ].map(part => ({row: 'Server', ...part}))
  return [
    ...server,
    ...(pools ? [{row: 'Full pools', name: 'all pools full', value: pools.connections, color: c4}] : []),
    ...(demand ? [{row: 'Wanted', name: 'wanted', value: demand.connections, color: c5}] : []),
  ]
}

function option(parts: readonly Part[], rows: readonly string[], {usable}: Budget, width: number): Option {
  const largest = Math.max(usable.maxConnections, ...rows.map(row => sumOf(parts, row)))
  const isNarrow = width < 500
  return {
    grid: {left: 78, right: 24, top: 26, bottom: 24},
    xAxis: {
      type: 'value',
      splitNumber: isNarrow ? 3 : 6,
      axisLabel: {color: COLOR.muted, hideOverlap: true, formatter: (value: number) => number(value)},
      splitLine: {lineStyle: {color: COLOR.line}},
    },
    yAxis: {
      type: 'category',
      inverse: true,
      data: [...rows],
      axisLabel: {color: COLOR.text, margin: 10},
      axisLine: {show: false},
      axisTick: {show: false},
    },
    series: parts.map((part, at) => ({
      ...series(part, rows, largest, width),
      ...(at === 0 ? {markLine: limitLine(usable.usable)} : {}),
    })),
  }
}

const series = (part: Part, rows: readonly string[], largest: number, width: number) => ({
  type: 'bar',
  stack: 'all',
  silent: true,
  barWidth: 22,
  itemStyle: {color: part.color},
  data: rows.map(row => (row === part.row ? part.value : 0)),
  label: {
    // A number that does not fit into its part is in the table.
    show: (part.value / largest) * (width - 110) > 22,
    position: 'inside',
    color: part.color.startsWith('var(--c') ? 'var(--on-color)' : COLOR.text,
    formatter: ({value}: {value: number}) => (value > 0 ? number(value) : ''),
  },
})

/** Where the usable connections end, through all bars. */
const limitLine = (usable: number) => ({
  silent: true,
  symbol: 'none',
  lineStyle: {color: COLOR.text, width: 2, type: 'dashed'},
  label: {color: COLOR.text, formatter: `${number(usable)} usable`, position: 'start', distance: 4},
  data: [{xAxis: usable}],
})

const sumOf = (parts: readonly Part[], row: string) =>
  parts.filter(part => part.row === row).reduce((sum, {value}) => sum + value, 0)

function sentence({usable, now, peak, pools, demand}: Budget): string {
  const {active, idleInTransaction, idle} = now ?? {active: 0, idleInTransaction: 0, idle: 0}
  const taken = now
    ? `${active + idleInTransaction + idle} are taken: ${active} active, ${idleInTransaction} idle in transaction, ${idle} idle`
    : `${peak ?? 'an unknown number of'} clients are connected`
  return [
    `${usable.usable} of ${usable.maxConnections} connections are usable. ${taken}.`,
    pools ? `Full pools take ${pools.connections}.` : '',
    demand ? `${demand.target} want ${demand.connections}.` : '',
  ]
    .filter(Boolean)
    .join(' ')
}

function notes({usable, pools, demand}: Budget): string {
  return [
    `The dashed line is at the ${number(usable.usable)} usable connections (max_connections ${number(usable.maxConnections)} less ${number(usable.reserved)} reserved).`,
    demand ? `Wanted: ${demand.connections} (${demand.formula}).` : '',
    pools ? `Full pools: ${pools.formula}.` : '',
  ]
    .filter(Boolean)
    .join(' ')
}
