import {BarChart, LineChart} from 'echarts/charts'
import {GridComponent, MarkLineComponent} from 'echarts/components'
import {type EChartsCoreOption, init, use} from 'echarts/core'
import {SVGRenderer} from 'echarts/renderers'
import {type Html, html, trusted} from './html.js'
import {type Column, folded, table} from './parts.js'

use([BarChart, LineChart, GridComponent, MarkLineComponent, SVGRenderer])

/** Colours are variables of the style sheet: the same drawing serves light, dark and paper. */
export const COLOR = {
  text: 'var(--text)',
  muted: 'var(--muted)',
  line: 'var(--line)',
  /** series, distinguishable with impaired colour vision too */
  series: ['var(--c1)', 'var(--c2)', 'var(--c3)', 'var(--c4)', 'var(--c5)', 'var(--c6)'],
}

export type Option = EChartsCoreOption
type Size = {width: number; height: number}

/** An SVG element that needs no style attributes (the page's policy forbids them) and whose ids are its own. */
export function drawing(option: Option, {width, height}: Size, id: string, kind = ''): Html {
  const chart = init(null, null, {renderer: 'svg', ssr: true, width, height})
  try {
    chart.setOption({animation: false, ...option})
    return trusted(clean(chart.renderToSVGString(), id, kind))
  } finally {
    // Else its timer keeps the process alive.
    chart.dispose()
  }
}

function clean(svg: string, id: string, kind: string): string {
  return svg
    .replace(/<style[\s\S]*?<\/style>/g, '')
    .replace(/ (?:style|class|pointer-events|ecmeta_\w+|baseProfile|version|xmlns:xlink|xmlns)="[^"]*"/g, '')
    .replace(/\bzr\d+-/g, `${id}-`)
    .replace(/>\s+</g, '><')
    .replace('<svg', `<svg class="chart ${kind}" aria-hidden="true" focusable="false"`)
}

export type Figure<Row> = {
  /** of the page */
  id: string
  title: string | Html
  /** of the table of numbers, when the title is more than words */
  name?: string
  /** what the picture says, in a sentence */
  says: string
  /** what the colours mean */
  legend?: readonly {name: string; color: string}[]
  option: (width: number) => Option
  height: number
  /** on a phone, where it differs */
  narrowHeight?: number
  /** one drawing for all widths */
  isSmall?: boolean
  /** the numbers behind the picture */
  columns: readonly Column<Row>[]
  rows: readonly Row[]
}

const WIDE = 860
const NARROW = 350

/** A picture, the sentence that replaces it for those who do not see it, and its numbers as a table. */
export function figure<Row>(given: Figure<Row>): Html {
  const {id, title, says, option, height, narrowHeight = height, isSmall, legend = [], columns, rows} = given
  const narrow = drawing(option(NARROW), {width: NARROW, height: narrowHeight}, `${id}-n`, isSmall ? '' : 'narrow-only')
  return html`<figure${isSmall ? html` class="small"` : ''}>
<figcaption>${title}</figcaption>
${legend.length > 0 && legendHtml(legend)}
<div role="img" aria-label="${says}">${!isSmall && drawing(option(WIDE), {width: WIDE, height}, id, 'wide-only')}${narrow}</div>
${folded('Numbers', table(`Numbers: ${given.name ?? String(title)}`, columns, rows))}
</figure>
`
}

const legendHtml = (legend: readonly {name: string; color: string}[]): Html =>
  html`<ul class="legend">${legend.map(
    ({name, color}) =>
      html`<li><svg width="11" height="11" aria-hidden="true" focusable="false"><rect width="11" height="11" rx="2" fill="${color}"/></svg>${name}</li>`,
  )}</ul>`
