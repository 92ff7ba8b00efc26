import {type Html, html} from './html.js'

const WIDTH = 96
const HEIGHT = 24
const EDGE = 2.5

/** A small line without axes, from 0 (or `from`) up; gaps where nothing is known. Null: there is no line to draw. */
export function sparkline(values: readonly (number | null)[], from = 0): Html | null {
  const known = values.filter(value => value !== null)
  if (known.length < 2) return null
  const low = Math.min(from, ...known)
  const range = Math.max(...known) - low || 1
  const x = (at: number) => round(EDGE + (at / (values.length - 1)) * (WIDTH - 2 * EDGE))
  const y = (value: number) => round(HEIGHT - EDGE - ((value - low) / range) * (HEIGHT - 2 * EDGE))
  const path = values
    .map((value, at) => (value === null ? '' : `${values[at - 1] == null ? 'M' : 'L'}${x(at)} ${y(value)}`))
    .join('')
  const last = values.findLastIndex(value => value !== null)
  return html`<svg class="spark" width="${WIDTH}" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" aria-hidden="true" focusable="false"><path d="${path}"/><path class="end" d="M${x(last)} ${y(values[last]!)}h0"/></svg>`
}

const round = (value: number) => Math.round(value * 10) / 10
