import type {HtmlOptions} from '../render/html/index.js'
import type {Report} from '../report.js'
import {bytes} from '../units.js'
import {emit, writeAtomically} from './output.js'

/** Writes the page and says in two lines what it says; `-` is standard output, where nothing is said then. */
export async function writePage(
  report: Report,
  options: HtmlOptions,
  file: string,
  notes: readonly string[] = [],
): Promise<void> {
  const {html} = await import('../render/html/index.js')
  const text = await html(report, options)
  if (file === '-') return emit(text, undefined)
  await writeAtomically(file, text)
  const {prose} = await import('../render/sanitize.js')
  const {timestamp} = await import('../render/summary.js')
  const {diff, trend = []} = options
  const compared = diff ? `compared with the run of ${timestamp(diff.before.at)}` : 'no earlier run to compare with'
  const lines = [
    report.verdict.headline,
    `${file}: ${bytes(Buffer.byteLength(text))}; ${compared}${trend.length > 0 ? `, ${trend.length + 1} runs in the trends` : ''}`,
    ...notes.map(note => `note: ${note}`),
  ]
  process.stdout.write(`${lines.map(prose).join('\n')}\n`)
}
