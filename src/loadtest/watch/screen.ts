export type Screen = {
  /** the lines that stay at the bottom, in place of those before */
  show: (lines: string[]) => void
  /** text with its line end, above them */
  print: (text: string, to?: NodeJS.WriteStream) => void
  /** takes the lines away */
  close: () => void
}

/** null: `stream` is no terminal that a view can be drawn on. */
export function openScreen(stream: NodeJS.WriteStream): Screen | null {
  const {TERM, CI} = process.env
  if (!stream.isTTY || TERM === 'dumb' || CI) return null
  let shown: string[] = []
  // Each line is overwritten and what is left of the old one deleted: a screen that is cleared first would flicker.
  const draw = (lines: string[]) => {
    const rows = Math.max(1, (stream.rows ?? 24) - 1)
    const fitting = lines.slice(0, rows)
    stream.write(`${up(shown.length)}${fitting.map(line => `\r${line}\x1b[K\n`).join('')}\x1b[J`)
    shown = fitting
  }
  return {
    show: draw,
    print(text, to = stream) {
      const view = shown
      if (view.length > 0) stream.write(`${up(view.length)}\r\x1b[J`)
      shown = []
      to.write(text)
      if (view.length > 0) draw(view)
    },
    close: () => draw([]),
  }
}

const up = (lines: number) => (lines > 0 ? `\x1b[${lines}A` : '')
