import type {Block} from '../report.js'

/** The command that asks the same question again. */
export function verifyBlocks(ruleId: string): Block[] {
  return [{text: 'Ask again', language: 'sh', lines: [`ahsp-db check --only ${ruleId}`]}]
}
