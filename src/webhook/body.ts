import {safeJson} from '../render/json.js'
import type {WebhookSummary} from './summary.js'

export const WEBHOOK_FORMATS = ['slack', 'generic'] as const
export type WebhookFormat = (typeof WEBHOOK_FORMATS)[number]

/** The text that is sent. `slack`: what Slack's incoming webhooks take, and those that imitate them. */
export function bodyOf(summary: WebhookSummary, format: WebhookFormat): string {
  return format === 'slack'
    ? safeJson(slackMessage(summary), 0)
    : safeJson({format: 'ahsp-db/summary', version: 1, ...summary}, 0)
}

function slackMessage(summary: WebhookSummary): object {
  const {target, headline, time} = summary
  const lines = summary.findings.map(({severity, rule, title}) => `- ${severity} ${rule}: ${title}`)
  const since = sinceText(summary)
  const text = [
    `${target}: ${headline}`,
    ...(since ? [since] : []),
    ...lines,
    ...(summary.more > 0 ? [`and ${summary.more} more`] : []),
  ].join('\n')
  const context = [time, 'ahsp-db'].filter(Boolean).join(' - ')
  return {
    // Shown where blocks are not, e.g. in notifications: there it is read as markup, too.
    text: escaped(`${target}: ${headline}`),
    blocks: [
      {type: 'section', text: {type: 'plain_text', text, emoji: false}},
      {type: 'context', elements: [{type: 'plain_text', text: context, emoji: false}]},
    ],
  }
}

function sinceText({since}: WebhookSummary): string {
  if (!since) return ''
  const parts = (['new', 'worse', 'better', 'gone'] as const).filter(key => since[key] > 0)
  return `since the run before: ${parts.length > 0 ? parts.map(key => `${since[key]} ${key}`).join(', ') : 'no change'}`
}

/** The three characters of Slack's markup: without them nobody is mentioned and nothing is linked. */
const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
