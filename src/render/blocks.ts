import type {Block} from '../report.js'
import {fence, markdownText, visible} from './sanitize.js'

/** How a Block looks, in every output: what to type, and as a comment of its language where and instead of what. */

/** Where and what, in words: `Change the line in postgresql.conf, line 65`. */
export function blockHeading({text, line, place}: Block): string {
  const where = line === undefined ? place : `line ${line}`
  return where === undefined ? text : `${text}, ${where}`
}

/**
 * The lines to type, ready to be pasted. A conf block begins with the comment that says where it goes:
 * `# FILE, line N - was: OLD LINE`, `# FILE - add at the end` or `# FILE, line N - remove: LINE`; a file in sections has
 * `section [NAME]` in place of the line's number, and `add below its header, or change its line`.
 */
export function blockLines(block: Block): string[] {
  const comment = block.language === 'conf' ? placeComment(block) : wasComment(block)
  return [...(comment ? [visible(comment)] : []), ...typedLines(block)]
}

/** The same without the place, for outputs whose heading has it already. */
export function shortBlockLines(block: Block): string[] {
  const comment = wasComment(block)
  return [...(comment ? [visible(comment)] : []), ...typedLines(block)]
}

/** Heading and fence; only the sentence when there is nothing to type. */
export function markdownBlock(block: Block): string {
  const heading = markdownText(blockHeading(block))
  const lines = blockLines(block)
  return lines.length ? `${heading}:\n\n${fence(lines, block.language)}` : `${heading}.`
}

/** Code may be laid out over several lines; a line of a file or a command is one line, whatever it carries. */
function typedLines({language, lines}: Block): string[] {
  const isOneLiner = language === 'conf' || language === 'sh' || language === 'bat'
  return lines.flatMap(line => (isOneLiner ? [line] : line.split('\n'))).map(visible)
}

function placeComment({file, line, place, replaces, lines}: Block): string | null {
  if (!file) return replaces ? `# was: ${replaces}` : null
  const where = line === undefined ? place : `line ${line}`
  const whole = where === undefined ? file : `${file}, ${where}`
  if (!replaces) return `# ${whole} - ${place === undefined ? 'add at the end' : ADD_IN_SECTION}`
  return `# ${whole} - ${lines.length ? 'was' : 'remove'}: ${replaces}`
}

/** Its line may be there with the default's value: that cannot be seen from outside. */
export const ADD_IN_SECTION = 'add below its header, or change its line'

function wasComment({replaces, lines}: Block): string | null {
  return replaces ? `# ${lines.length ? 'was' : 'remove'}: ${replaces}` : null
}
