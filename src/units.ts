/** Numbers in the texts of rules, written as the reports write them. */
export {bytes, milliseconds, number, seconds} from './render/units.js'
