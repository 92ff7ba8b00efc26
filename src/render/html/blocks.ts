import type {Block, Fix} from '../../report.js'
import {blockHeading, blockLines} from '../blocks.js'
import {costOf} from '../summary.js'
import {type Html, html} from './html.js'
import {code, folded} from './parts.js'

/** A fix, whole: what to do, what it costs, how to see that it helped, and the way back. */
export function fixHtml(fix: Fix, label: string): Html {
  const costs = [fix.risk === 'review' ? 'review before applying' : 'safe to apply', costOf(fix)].filter(Boolean)
  return html`<div class="fix">
<h4>${label}: ${fix.title}</h4>
<p class="facts">${costs.join(' · ')}</p>
${fix.note && html`<p>${fix.note}</p>`}
${fix.steps.map(blockHtml)}
${fix.verify.length > 0 && html`<p class="label">See that it helped</p>${fix.verify.map(blockHtml)}`}
${fix.alternative.length > 0 && folded('Or instead', fix.alternative.map(blockHtml))}
${fix.undo.length > 0 && folded('The way back', fix.undo.map(blockHtml))}
</div>`
}

function blockHtml(block: Block): Html {
  const lines = blockLines(block)
  const heading = blockHeading(block)
  return lines.length > 0
    ? html`<p class="step">${heading}:</p>${code(lines, heading)}`
    : html`<p class="step">${/[.;:!?]$/.test(heading) ? heading : `${heading}.`}</p>`
}
