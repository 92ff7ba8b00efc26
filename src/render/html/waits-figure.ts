import type {Session} from '../../snapshot.js'
import {number} from '../units.js'
import {COLOR, figure, type Option} from './chart.js'
import type {Html} from './html.js'
import {empty, short} from './parts.js'

const SHOWN = 10
/** One session must not look like a crowd. */
const FEW = 8

type Wait = {name: string; type: string; sessions: number}

/** What the busy sessions did at that moment: one look, no average. */
export function waitsFigure(sessions: readonly Session[]): Html {
  const busy = sessions.filter(({state}) => state !== null && state !== 'idle')
  if (busy.length === 0) return empty('No session was at work when this looked: there are no waits to show.')
  const waits = waitsOf(busy)
  const shown = waits.slice(0, SHOWN)
  return figure<Wait>({
    id: 'waits',
    title: `What ${busy.length === 1 ? 'the busy session' : `${busy.length} busy sessions`} did or waited for`,
    says: `Of ${busy.length} busy sessions: ${shown.map(({name, sessions: count}) => `${count} ${name}`).join(', ')}.`,
    option: width => option(shown, width),
    height: 20 + shown.length * 30,
    columns: [
      {head: 'Doing, or waiting for', cell: row => row.name, isWide: true},
      {head: 'Sessions', cell: row => number(row.sessions), isNumber: true},
    ],
    rows: waits.slice(0, 50),
  })
}

function waitsOf(busy: readonly Session[]): Wait[] {
  const counts = new Map<string, Wait>()
  for (const {state, waitEventType, waitEvent} of busy) {
    const isOwn = state === 'active'
    const name = !isOwn ? state! : waitEventType ? `${waitEventType}: ${waitEvent ?? 'unknown'}` : 'running (no wait)'
    const known = counts.get(name) ?? {name: short(name, 40), type: isOwn ? (waitEventType ?? '') : 'idle', sessions: 0}
    known.sessions += 1
    counts.set(name, known)
  }
  return [...counts.values()].sort((a, b) => b.sessions - a.sessions || (a.name < b.name ? -1 : 1))
}

/** Running is good, a lock or a forgotten transaction holds up others; the rest is input and output. */
const colorOf = ({type}: Wait) =>
  ({'': COLOR.series[0], Lock: COLOR.series[1], idle: COLOR.series[1]})[type] ?? COLOR.series[3]

function option(waits: readonly Wait[], width: number): Option {
  return {
    grid: {left: width < 500 ? 150 : 200, right: 40, top: 4, bottom: 4},
    xAxis: {type: 'value', show: false, max: Math.max(FEW, ...waits.map(({sessions}) => sessions))},
    yAxis: {
      type: 'category',
      inverse: true,
      data: waits.map(({name}) => name),
      axisLabel: {color: COLOR.text, width: width < 500 ? 140 : 190, overflow: 'truncate'},
      axisLine: {show: false},
      axisTick: {show: false},
    },
    series: [
      {
        type: 'bar',
        silent: true,
        barWidth: 16,
        data: waits.map(wait => ({value: wait.sessions, itemStyle: {color: colorOf(wait)}})),
        label: {show: true, position: 'right', color: COLOR.text},
      },
    ],
  }
}
