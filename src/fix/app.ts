import type {Block, Fix} from '../report.js'
import type {AppLines, FixRequest, Framework} from '../rule.js'
import {joinNotes} from './note.js'
import {verifyBlocks} from './verify.js'

type AppRequest = Extract<FixRequest, {kind: 'app'}>
type ActionRequest = Extract<FixRequest, {kind: 'action'}>

const LANGUAGE: Record<Framework, Block['language']> = {
  django: 'python',
  rails: 'ruby',
  prisma: 'js',
  sequelize: 'js',
  typeorm: 'js',
  knex: 'js',
}

/** A change in the application, in its framework's own language where the rule has that. */
export function appFix(request: AppRequest, question: string, framework: Framework | null): Fix {
  const own = framework ? request.by[framework] : undefined
  const advice = own ?? request.by.plain
  const note = joinNotes([request.note, advice.note])
  return {
    kind: 'app',
    title: request.title,
    risk: request.risk ?? 'review',
    ...(note && {note}),
    steps: [{text: `In ${advice.where}`, language: language(advice, own ? framework : null), lines: advice.lines}],
    alternative: [],
    verify: verifyBlocks(question),
    undo: [{text: `Put the old lines back in ${advice.where}`, language: 'text', lines: []}],
  }
}

/** A file's ending says more than the framework: Rails is configured in YAML, Prisma in its own language. */
function language({where}: AppLines, framework: Framework | null): Block['language'] {
  if (/\.py\b/.test(where)) return 'python'
  if (/\.rb\b/.test(where)) return 'ruby'
  if (/\.[cm]?[jt]sx?\b/.test(where)) return 'js'
  if (/\.(ya?ml|prisma|env|ini|json|toml)\b/.test(where)) return 'text'
  return framework ? LANGUAGE[framework] : 'text'
}

/** Something to do that is neither a line nor a statement. */
export function actionFix(request: ActionRequest, question: string): Fix {
  const note = joinNotes([request.note])
  return {
    kind: 'action',
    title: request.title,
    risk: request.risk ?? 'review',
    ...(note && {note}),
    steps: request.steps.map(step => ({
      language: 'text',
      ...(typeof step === 'string' ? {text: step, lines: []} : step),
    })),
    alternative: [],
    verify: verifyBlocks(question),
    undo: [],
  }
}
