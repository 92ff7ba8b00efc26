import type {Plan, UnitFile} from './plan.js'

export const SCHEDULERS = ['systemd', 'cron', 'k8s', 'github', 'gitlab'] as const
export type Scheduler = (typeof SCHEDULERS)[number]

const UNITS: Record<Scheduler, (plan: Plan) => Promise<UnitFile[]>> = {
  systemd: async plan => (await import('./systemd.js')).systemd(plan),
  cron: async plan => (await import('./cron.js')).cron(plan),
  k8s: async plan => (await import('./k8s.js')).k8s(plan),
  github: async plan => (await import('./github.js')).github(plan),
  gitlab: async plan => (await import('./gitlab.js')).gitlab(plan),
}

/** The files of a scheduler, ready to be put where each says. */
export const unitsFor = (scheduler: Scheduler, plan: Plan): Promise<UnitFile[]> => UNITS[scheduler](plan)

/** All in one text; several are told apart by their paths. */
export const unitsText = (files: readonly UnitFile[]): string =>
  files.map(({path, text}) => (files.length > 1 ? `# --- ${path}\n${text}` : text)).join('\n')
