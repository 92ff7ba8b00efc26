import type {Capacity, CapacityReport, Link} from '../capacity/types.js'
import type {Block, Fix} from '../report.js'
import {markdownBlock, shortBlockLines} from './blocks.js'
import {loadGrid} from './grid.js'
import {codeSpan, markdownText, prose} from './sanitize.js'
import {bold, dim, green, hanging, severityColor, wrap} from './style.js'
import {number} from './units.js'

type Options = {color: boolean; width: number}

const BAR = 16
const MIN_WIDTH = 60
const MAX_WIDTH = 100

/** Verdict, the chain as a picture, how each number is known, the lines; for a terminal. */
export async function capacityTable({asked, ladder, warnings, target}: CapacityReport, options: Options) {
  const width = Math.max(MIN_WIDTH, Math.min(options.width, MAX_WIDTH))
  const {color} = options
  const paint = asked.verdict === 'fits' ? green : asked.verdict === 'cannot judge' ? bold : alarm
  const sections = [
    [
      ...wrap(prose(asked.headline), width).map(line => paint(line, color)),
      dim(prose(`${target.host}:${target.port}/${target.database} as ${target.user}`), color),
      ...warnings.flatMap(text => hanging('!!  ', prose(text), width)),
    ],
    picture(asked, width),
    asked.links.flatMap(link => hanging(`${prose(link.title)}: `, prose(knownText(link)), width, 2)),
    ladder.length > 0 ? await ladderLines(ladder, width) : [],
    await sizeLines(asked, width),
    ...stepsOf(asked.fixes).map(step => stepLines(step, width, color)),
    closingLines(asked.fixes, width, color),
    asked.fixes.flatMap(fix => (fix.note ? hanging('-  ', prose(`${fix.title}: ${fix.note}`), width) : [])),
    asked.notes.flatMap(note => hanging('-  ', prose(note), width)),
  ]
  const lines = sections.filter(section => section.length > 0).flatMap(section => [...section, ''])
  return `${lines.slice(0, -1).join('\n')}\n`
}

const alarm = (text: string, color: boolean) => severityColor('high', text, color)

/** One line a link: name, bar, demand of capacity, and where it breaks. */
function picture({links, users, clients}: Capacity, width: number): string[] {
  const first = `${number(users)} users, ${number(clients.count)} connections of the application (${clients.known})`
  return [
    first,
    ...links.flatMap(link => {
      const name = prose(link.title).slice(0, 24).padEnd(24)
      const amount = `${count(link.demand)} of ${count(link.capacity)}`
      return ['  |', `  v ${name} ${bar(link)} ${amount.padEnd(13)} ${breakText(link)}`.slice(0, width).trimEnd()]
    }),
  ]
}

const count = (value: number | null) => (value === null ? '?' : number(value))

function bar({demand, capacity}: Link): string {
  if (demand === null || capacity === null) return `[${'?'.padEnd(BAR)}]`
  const filled = capacity > 0 ? Math.round((demand / capacity) * BAR) : BAR
  return `[${'#'.repeat(Math.min(BAR, filled)).padEnd(BAR, '.')}${filled > BAR ? '!' : ']'}`
}

function breakText({breaksAt, isOverCommitted, known, id}: Link): string {
  if (isOverCommitted) return 'OVER-COMMITTED'
  if (breaksAt !== null) return `breaks at ${number(breaksAt)}`
  return known === 'unknown' ? 'not known' : id === 'clients' ? 'does not grow' : 'full pools fit'
}

const knownText = ({limit, known, source, effect, missing}: Link) =>
  `${limit}; ${known === 'unknown' ? '' : `${known}: `}${source}. If it breaks, ${effect}.${missing ? ` To know: ${missing}.` : ''}`

async function ladderLines(ladder: Capacity[], width: number): Promise<string[]> {
  const grid = await loadGrid()
  return grid({head: LADDER_HEAD, rows: ladder.map(ladderRow), width, ruled: true})
}

const LADDER_HEAD = ['users', 'clients', 'needed', 'pool', 'reserve', 'max clients', 'verdict', 'first to break']

function ladderRow(step: Capacity): string[] {
  const {users, clients, load, sizes, verdict, first, links} = step
  const pools = links.find(({id}) => id === 'pools')
  return [
    number(users),
    number(clients.count),
    load === null ? '?' : count(pools?.demand ?? null),
    number(sizes.pool),
    number(sizes.reserve),
    number(sizes.maxClientConn),
    verdict,
    first ? `${prose(first.title)}${first.breaksAt === null ? '' : ` at ${number(first.breaksAt)}`}` : '-',
  ]
}

async function sizeLines({sizes, users}: Capacity, width: number): Promise<string[]> {
  const grid = await loadGrid()
  return [
    ...wrap(prose(`Sizes for ${number(users)} users (${sizes.basis}: ${sizes.formula})`), width),
    ...grid({rows: sizeRows({sizes}), width: width - 2}).map(line => `  ${line}`),
  ]
}

function sizeRows({sizes}: Pick<Capacity, 'sizes'>): string[][] {
  const {pools, processes} = sizes
  const each =
    pools * processes > 1 ? `${pools} pools x ${processes} processes: ${sizes.pool} + ${sizes.reserve} together` : ''
  return [
    ['max_connections', `${sizes.maxConnections}`, ''],
    ['pool_mode', sizes.poolMode, ''],
    ['default_pool_size', `${sizes.defaultPoolSize}`, each],
    ['reserve_pool_size', `${sizes.reservePoolSize}`, ''],
    ['min_pool_size', `${sizes.minPoolSize}`, ''],
    ['max_client_conn', `${sizes.maxClientConn}`, 'twice during a deployment, and a quarter'],
    ...(sizes.workMem
      ? [['work_mem', `at most ${sizes.workMem}`, 'half of the memory, half of the backends busy']]
      : []),
  ]
}

/** All lines of one file together, then each command once. */
function stepsOf(fixes: Fix[]): Block[] {
  const steps = fixes.flatMap(fix => fix.steps)
  const merged = new Map<string, Block>()
  for (const step of steps.filter(({language, file}) => language === 'conf' && file)) {
    const key = `${step.file} ${step.place ?? ''}`
    const lines = shortBlockLines(step)
    const known = merged.get(key)
    const text = `In ${step.file}`
    merged.set(
      key,
      known
        ? {...known, lines: [...known.lines, ...lines]}
        : {...step, text, lines, replaces: undefined, line: undefined},
    )
  }
  const others = steps.filter(({language, file}) => !(language === 'conf' && file))
  const restarts = others.some(({text}) => text.startsWith('Restart ('))
  const once = new Map(others.map(step => [step.lines.join('\n') || step.text, step]))
  // A restart of the server makes its reload needless; the pooler's own words are longer.
  return [...merged.values(), ...[...once.values()].filter(({text}) => !(restarts && text.startsWith('Reload (')))]
}

/** How to see that it helped, and where the way back is. */
function closingLines([first]: Fix[], width: number, color: boolean): string[] {
  if (!first) return []
  return [
    ...first.verify.flatMap(step => stepLines({...step, text: 'Verify'}, width, color)),
    ...hanging('', 'Undo: with --format markdown each line comes with its way back. Keep a copy of each file.', width),
  ]
}

function stepLines(step: Block, width: number, color: boolean): string[] {
  const heading = step.place ? `${step.text}, ${step.place}` : step.text
  return [
    ...wrap(prose(heading), width).map(line => bold(line, color)),
    ...shortBlockLines(step).map(line => (line === '' ? '' : `    ${line}`)),
  ]
}

/** The same for a ticket: stable, and complete with undo. */
export function capacityMarkdown({asked, ladder, warnings, tool, target}: CapacityReport): string {
  const rows = asked.links.map(link => [
    link.title,
    count(link.demand),
    count(link.capacity),
    breakText(link),
    link.known,
    `${link.limit}; ${link.source}`,
  ])
  const parts = [
    `# ${markdownText(asked.headline)}`,
    warnings.map(text => `> ${markdownText(text)}`).join('\n>\n'),
    table(['link', `demand at ${asked.users}`, 'capacity', 'breaks', 'known', 'how'], rows),
    ladder.length > 0 ? `## Ladder\n\n${table(LADDER_HEAD, ladder.map(ladderRow))}` : '',
    `## Sizes\n\n${markdownText(`${asked.sizes.basis}: ${asked.sizes.formula}`)}\n\n${table(['setting', 'value', 'note'], sizeRows(asked))}`,
    ...asked.fixes.map(fixMarkdown),
    asked.notes.map(note => `- ${markdownText(note)}`).join('\n'),
    `---\n\nahsp-db ${tool} · ${codeSpan(`${target.host}:${target.port}/${target.database}`)}`,
  ]
  return `${parts.filter(Boolean).join('\n\n')}\n`
}

const fixMarkdown = (fix: Fix) =>
  [
    `### Fix: ${markdownText(fix.title)}`,
    fix.note ? markdownText(fix.note) : '',
    '**Do**',
    ...fix.steps.map(markdownBlock),
    '**Verify**',
    ...fix.verify.map(markdownBlock),
    ...(fix.undo.length > 0 ? ['**Undo**', ...fix.undo.map(markdownBlock)] : []),
  ]
    .filter(Boolean)
    .join('\n\n')

const table = (head: string[], rows: string[][]) =>
  [head, head.map(() => '---'), ...rows.map(cells => cells.map(markdownText))]
    .map(cells => `| ${cells.join(' | ')} |`)
    .join('\n')
