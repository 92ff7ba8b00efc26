import type {Fix} from '../report.js'
import type {FixRequest} from '../rule.js'
import type {Snapshot} from '../snapshot.js'
import {actionFix, appFix} from './app.js'
import {detectFramework} from './framework.js'
import type {Platform} from './platform.js'
import {poolerFix} from './pooler.js'
import {settingFix} from './setting.js'
import {statementsFix} from './statements.js'

/** Turns what a rule asks for into the whole answer for this server: where, what, apply, verify, undo. */
export function completeFix(
  request: FixRequest,
  question: string,
  sections: Snapshot['sections'],
  platform: Platform,
): Fix {
  switch (request.kind) {
    case 'setting':
      return settingFix(request, question, sections, platform)
    case 'pooler':
      return poolerFix(request, question, sections)
    case 'sql':
      return statementsFix(request, question, sections)
    case 'app':
      return appFix(request, question, detectFramework(sections.application))
    case 'action':
      return actionFix(request, question)
  }
}
