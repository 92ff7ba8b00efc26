import {closeTheLoop} from './loop.js'

closeTheLoop(18)
