import {BASE} from './base.js'
import {BLOCKS} from './blocks.js'
import {COLORS} from './colors.js'
import {HEAD} from './head.js'
import {MEDIA} from './media.js'

/** The style sheet of the page; its hash is in the page's policy. */
export const STYLE: string = [COLORS, BASE, HEAD, BLOCKS, MEDIA].join('\n')
