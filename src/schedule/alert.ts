import type {Plan} from './plan.js'
import {shellWord} from './words.js'

/** A line of sh that posts a text; the URL, a secret, is no argument of any process. `text` may name variables. */
export function postLine({webhookFile}: Pick<Plan, 'webhookFile'>, file: string, text: string): string | null {
  if (webhookFile === undefined) return null
  const body = `"{\\"text\\":\\"${text}\\"}"`
  return (
    `sed 's/.*/url = "&"/' ${file.startsWith('"') ? file : shellWord(file)} | ` +
    `curl -fsS -m 20 --retry 3 -o /dev/null -H 'Content-Type: application/json' -d ${body} -K -`
  )
}
