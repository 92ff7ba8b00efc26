import {resolveConninfo} from '../../src/connect/conninfo.js'
import {type Connection, connect} from '../../src/connect/postgres.js'

export const openConnection = async (url: string): Promise<Connection> => connect(await resolveConninfo(url, {}))
