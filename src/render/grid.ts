import {columns, wrap} from './style.js'

export type GridOptions = {
  head?: string[]
  rows: string[][]
  /** columns of the terminal that may be used */
  width: number
  /** a line under the head and after the last row */
  ruled?: boolean
  /** colours one wrapped line of a cell */
  paint?: (line: string, row: number, column: number) => string
}
export type Grid = (options: GridOptions) => string[]

const GAP = 2
const MIN_COLUMN = 8
const NO_LINES = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '',
}

/** Lays out cells in columns; cli-table3 is loaded here, when something is printed. */
export async function loadGrid(): Promise<Grid> {
  const {default: Table} = await import('cli-table3')
  return ({head, rows, width, ruled = false, paint = line => line}) => {
    const widths = columnWidths(head ? [head, ...rows] : rows, width)
    const table = new Table({
      chars: NO_LINES,
      style: {'padding-left': 0, 'padding-right': GAP, head: [], border: [], compact: true},
      colWidths: widths.map(each => each + GAP),
    })
    // Cells are wrapped here: cli-table3 would cut a word that is longer than its column.
    if (head) table.push(head)
    table.push(
      ...rows.map((cells, row) =>
        cells.map((cell, column) =>
          wrap(cell, widths[column]!)
            .map(line => paint(line, row, column))
            .join('\n'),
        ),
      ),
    )
    const lines = table
      .toString()
      .split('\n')
      .map(line => line.trimEnd())
    const rule = '─'.repeat(
      Math.min(
        width,
        widths.reduce((sum, each) => sum + each + GAP, -GAP),
      ),
    )
    return ruled ? [lines[0]!, rule, ...lines.slice(1), rule] : lines
  }
}

/** Natural widths, the widest column shrunk until the row fits. */
function columnWidths(rows: string[][], width: number): number[] {
  const count = Math.max(...rows.map(cells => cells.length))
  const widths = [...Array(count).keys()].map(at => Math.max(1, ...rows.map(cells => columns(cells[at] ?? ''))))
  let excess = widths.reduce((sum, each) => sum + each, 0) + GAP * (count - 1) - width
  while (excess > 0) {
    const widest = widths.indexOf(Math.max(...widths))
    if (widths[widest]! <= MIN_COLUMN) break
    widths[widest]!--
    excess--
  }
  return widths
}
