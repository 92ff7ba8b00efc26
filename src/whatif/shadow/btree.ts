import {PAGE, writePages} from './files.js'

/**
 * The planner reads the height of a B-tree from its meta page, and may descend to its first or last key to learn the
 * real bounds of a column. So an index that stands for a large one gets the pages of a tree of that height without any
 * key: a chain from the root down to an empty leaf. Offsets and flags are those of nbtree.h and bufpage.h.
 */
const HEADER = 24
const SPECIAL = PAGE - 16
const META = {root: HEADER + 8, level: HEADER + 12, fastRoot: HEADER + 16, fastLevel: HEADER + 20}
const LEAF = 1
const ROOT = 2
const ALT_TID = 0x2000
const PIVOT_BYTES = 8

/** Writes a tree of `height` levels above its leaf into the file of an empty B-tree; 0 leaves it as it is. */
export function setHeight(dataDir: string, relationFile: string, height: number): void {
  if (height === 0) return
  const meta = Buffer.alloc(16)
  for (const [i, value] of [1, height, 1, height].entries()) meta.writeUInt32LE(value, i * 4)
  writePages(dataDir, relationFile, META.root, meta)
  const pages = Array.from({length: height + 1}, (_, i) => treePage(height - i, i === 0, i + 2))
  writePages(dataDir, relationFile, PAGE, Buffer.concat(pages))
}

function treePage(level: number, isRoot: boolean, child: number): Buffer {
  const page = Buffer.alloc(PAGE)
  const items = level === 0 ? 0 : 1
  const upper = SPECIAL - items * PIVOT_BYTES
  page.writeUInt16LE(HEADER + items * 4, 12)
  page.writeUInt16LE(upper, 14)
  page.writeUInt16LE(SPECIAL, 16)
  page.writeUInt16LE(PAGE | 4, 18)
  if (items > 0) {
    page.writeUInt32LE((upper | (1 << 15) | (PIVOT_BYTES << 17)) >>> 0, HEADER)
    // A pivot without any key ("minus infinity"), which leads to the child.
    page.writeUInt16LE(child >>> 16, upper)
    page.writeUInt16LE(child & 0xffff, upper + 2)
    page.writeUInt16LE(ALT_TID | PIVOT_BYTES, upper + 6)
  }
  page.writeUInt32LE(level, SPECIAL + 8)
  page.writeUInt16LE((level === 0 ? LEAF : 0) | (isRoot ? ROOT : 0), SPECIAL + 12)
  return page
}

const ITEM_BYTES = 12
/** Upper levels are filled to 70 %. */
const INNER_BYTES = 0.7 * (SPECIAL - HEADER)

/** Levels above the leaves of a tree of `pages` whose keys take `keyBytes`. */
export function heightOf(pages: number, keyBytes: number): number {
  const fanout = Math.max(2, Math.floor(INNER_BYTES / (ITEM_BYTES + Math.ceil(keyBytes / 8) * 8)))
  let height = 0
  for (let onLevel = pages - 1; onLevel > 1; onLevel = Math.ceil(onLevel / fanout)) height += 1
  return height
}
