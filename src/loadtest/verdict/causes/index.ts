import type {Cause} from '../cause.js'
import clientLimit from './client-limit.js'
import connectionsExhausted from './connections-exhausted.js'
import cpu from './cpu.js'
import ioOrIndex from './io-or-index.js'
import locks from './locks.js'
import longTransactions from './long-transactions.js'
import nPlusOne from './n-plus-one.js'
import notTheDatabase from './not-the-database.js'
import poolStarved from './pool-starved.js'

/** In the order in which they are believed: N+1 before NOT_THE_DATABASE, whose numbers it imitates. */
export const causes: readonly Cause[] = [
  connectionsExhausted,
  clientLimit,
  poolStarved,
  longTransactions,
  locks,
  nPlusOne,
  ioOrIndex,
  cpu,
  notTheDatabase,
]
