import {z} from 'zod'
import type {Snapshot} from '../snapshot.js'
import type {
  ActivitySample,
  CounterSample,
  PoolSample,
  Refusal,
  RunEnd,
  RunRecord,
  RunStart,
  StatementLine,
} from './record.js'

/** What each line of a run file must look like; the types are those of record.ts, which the compiler holds them to. */
/** Seconds since 1970; the year 5000 is no typing error any more. */
const at = z.number().min(0).max(1e11)
const MOST_USERS = 1e6
const MOST_CORES = 1e5
const count = z.number().min(0)
const text = z.string()
const known = z.number().nullable()

const start: z.ZodType<RunStart> = z.object({
  type: z.literal('run'),
  format: z.literal('ahsp-db/run'),
  version: z.literal(1),
  tool: text,
  at,
  target: z.object({host: text, port: z.number(), database: text, user: text}),
  clock: z.object({offset: z.number(), uncertainty: z.number()}).nullable(),
  users: z.int().min(1).max(MOST_USERS).nullable(),
  command: z.array(text).nullable(),
  cpus: z.int().min(1).max(MOST_CORES).nullable(),
})

const activity: z.ZodType<ActivitySample> = z.object({
  type: z.literal('activity'),
  at,
  total: count,
  active: count,
  idle: count,
  idleInTransaction: count,
  running: count,
  waits: z.array(z.object({type: text, event: text, count})),
  blocked: z.array(z.object({relation: text.nullable(), count})),
  statements: z.array(z.object({queryid: text.nullable(), text, count})),
  oldestTransaction: known,
  clients: z.array(
    z.object({user: text.nullable(), database: text.nullable(), application: text, address: text, count}),
  ),
})

const counters: z.ZodType<CounterSample> = z.object({
  type: z.literal('counters'),
  at,
  startedAt: z.number(),
  usable: z.number(),
  maxConnections: count,
  commits: count,
  rollbacks: count,
  deadlocks: count,
  tempBytes: count,
  blocksRead: count,
  blocksHit: count,
  activeMs: known,
  idleInTransactionMs: known,
  sessions: known,
  statements: z.array(z.object({queryid: text, calls: count, totalMs: count, rows: count})).nullable(),
})

const statement: z.ZodType<StatementLine> = z.object({type: z.literal('statement'), at, queryid: text, text})

const pools: z.ZodType<PoolSample> = z.object({
  type: z.literal('pools'),
  at,
  console: text,
  pools: z.array(
    z.object({
      database: text,
      user: text,
      clientsActive: count,
      clientsWaiting: count,
      serversActive: count,
      serversIdle: count,
      serversOther: count,
      maxWait: count,
      poolMode: text,
    }),
  ),
  usedClients: known,
  maxClientConn: known,
  transactions: known,
  waitMicros: known,
  transactionMicros: known,
})

const refused: z.ZodType<Refusal> = z.object({
  type: z.literal('refused'),
  at,
  end: text,
  sqlstate: text.nullable(),
  message: text,
})

const end: z.ZodType<RunEnd> = z.object({
  type: z.literal('end'),
  at,
  reason: z.enum(['duration', 'interrupted', 'command']),
  exitCode: known,
  missed: count,
  notes: z.array(text),
})

/** A snapshot has its own reader. */
const snapshot = z.object({
  type: z.literal('snapshot'),
  at,
  when: z.enum(['start', 'end']),
  snapshot: z.looseObject({}),
})

const SHAPES: Record<RunRecord['type'], z.ZodType> = {
  run: start,
  activity,
  counters,
  statement,
  pools,
  refused,
  end,
  snapshot,
}

/** Whether the line is what its type says; one of a type that is not known always is. */
export const isSound = (value: {type: string}): boolean =>
  !Object.hasOwn(SHAPES, value.type) || SHAPES[value.type as RunRecord['type']].safeParse(value).success

/** Sections that verdict and compare read by themselves; the rules' own errors stay theirs. */
const row = z.looseObject({})
const rows = z.looseObject({ok: z.literal(true), data: z.array(row)})
const none = z.looseObject({ok: z.literal(false)})
const settings = z.looseObject({ok: z.literal(true), data: z.array(z.looseObject({name: text, value: text}))})

const snapshotShape = z.looseObject({
  collectedAt: at,
  sections: z.looseObject({
    settings: z.union([settings, none]),
    roleSettings: z.union([rows, none]),
    databases: z.union([rows, none]),
    poolers: z.union([rows, none]),
    extensions: z.union([rows, none]),
    indexes: z.union([rows, none]),
    tables: z.union([rows, none]),
  }),
})

/** Whether what is read of a snapshot here is there; `snapshotOf` looked at the rest. */
export const isSoundSnapshot = (snapshot: Snapshot): boolean => snapshotShape.safeParse(snapshot).success
