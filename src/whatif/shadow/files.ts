import fs from 'node:fs'
import path from 'node:path'

export const PAGE = 8192
/** Relations are kept in files of 1 GB. */
const SEGMENT_PAGES = 131_072

/**
 * Gives the file of a relation a size in pages without writing any: what was not written before is a hole. The planner
 * asks the file system for the size; a page in a hole reads as new and empty.
 */
export function setPages(dataDir: string, relationFile: string, pages: number): void {
  const first = path.join(dataDir, relationFile)
  const {uid, gid} = fs.statSync(first)
  for (let segment = 0; ; segment += 1) {
    const file = segment === 0 ? first : `${first}.${segment}`
    const inSegment = Math.max(0, Math.min(SEGMENT_PAGES, pages - segment * SEGMENT_PAGES))
    const exists = fs.existsSync(file)
    if (inSegment === 0 && !exists) return
    if (!exists) {
      fs.writeFileSync(file, '', {mode: 0o600})
      if (process.getuid?.() === 0) fs.chownSync(file, uid, gid)
    }
    fs.truncateSync(file, inSegment * PAGE)
  }
}

/** Pages of the first GB that the server has written. */
export const pagesOfFile = (dataDir: string, relationFile: string) =>
  Math.floor(fs.statSync(path.join(dataDir, relationFile)).size / PAGE)

export function writePages(dataDir: string, relationFile: string, at: number, pages: Buffer): void {
  const file = fs.openSync(path.join(dataDir, relationFile), 'r+')
  try {
    fs.writeSync(file, pages, 0, pages.length, at)
  } finally {
    fs.closeSync(file)
  }
}
