import type {Table} from '../../snapshot.js'
import {visible} from '../sanitize.js'
import {bytes} from '../units.js'
import {COLOR, figure, type Option} from './chart.js'
import type {Html} from './html.js'
import {deadShare, qualified} from './tables.js'

const SHOWN = 10
/** Pixels of a wide system font. */
const LETTER = 7.6

type Row = {name: string; live: number; dead: number; bytes: number}

/** The largest tables, with what dead rows take of them: their share of the rows, as nobody has measured the bytes. */
export function sizesFigure(tables: readonly Table[]): Html {
  const rows = tables.slice(0, SHOWN).map(table => {
    const dead = (table.bytes * deadShare(table)) / 100
    return {name: visible(qualified(table)), live: table.bytes - dead, dead, bytes: table.bytes}
  })
  const all = tables.reduce((sum, table) => sum + table.bytes, 0)
  return figure<Row>({
    id: 'sizes',
    title: `The ${rows.length === 1 ? 'table' : `${rows.length} largest tables`}`,
    says: `The largest tables of ${bytes(all)}: ${rows.map(({name, bytes: size}) => `${name} ${bytes(size)}`).join(', ')}.`,
    legend: [
      {name: 'size with indexes', color: COLOR.series[0]!},
      {name: 'share of dead rows in it', color: COLOR.series[1]!},
    ],
    option: width => option(rows, width),
    height: 16 + rows.length * 28,
    columns: [
      {head: 'Table', cell: row => row.name, isWide: true},
      {head: 'Size with indexes', cell: row => bytes(row.bytes), isNumber: true},
      {head: 'Share of dead rows', cell: row => `${Math.round((row.dead / (row.bytes || 1)) * 100)} %`, isNumber: true},
    ],
    rows,
  })
}

function option(rows: readonly Row[], width: number): Option {
  const left = width < 500 ? 150 : 250
  return {
    grid: {left, right: 72, top: 4, bottom: 4},
    xAxis: {type: 'value', show: false, max: Math.max(1, ...rows.map(row => row.bytes))},
    yAxis: {
      type: 'category',
      inverse: true,
      data: rows.map(({name}) => withoutMiddle(name, Math.floor((left - 12) / LETTER))),
      axisLabel: {color: COLOR.text},
      axisLine: {show: false},
      axisTick: {show: false},
    },
    series: [
      {
        type: 'bar',
        stack: 'size',
        silent: true,
        barWidth: 16,
        itemStyle: {color: COLOR.series[0]},
        data: rows.map(row => row.live),
      },
      {
        type: 'bar',
        stack: 'size',
        silent: true,
        barWidth: 16,
        itemStyle: {color: COLOR.series[1]},
        data: rows.map(row => row.dead),
        label: {
          show: true,
          position: 'right',
          color: COLOR.text,
          formatter: ({dataIndex}: {dataIndex: number}) => bytes(rows[dataIndex]!.bytes),
        },
      },
    ],
  }
}

/** Names of one application begin alike: what tells them apart is at the end. */
function withoutMiddle(name: string, length: number): string {
  if (name.length <= length) return name
  const half = Math.floor((length - 1) / 2)
  return `${name.slice(0, half)}\u2026${name.slice(-half)}`
}
