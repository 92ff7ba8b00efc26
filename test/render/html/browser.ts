import {existsSync} from 'node:fs'
import {mkdtemp, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {pathToFileURL} from 'node:url'
import type {Browser, BrowserContextOptions, Page} from 'playwright-core'

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(file =>
  existsSync(file),
)

/** Tests that need the browser are skipped where it is not installed, and say so. */
export const hasBrowser = CHROMIUM !== undefined

export async function launch(): Promise<Browser> {
  const {chromium} = await import('playwright-core')
  return chromium.launch({executablePath: CHROMIUM, args: ['--no-sandbox']})
}

export type Opened = {
  page: Page
  /** what the browser complained about, and every request but that for the page itself */
  complaints: string[]
  close(): Promise<void>
}

/** The page as somebody opens it who got it by e-mail: a file in a folder. */
export async function openPage(browser: Browser, text: string, options: BrowserContextOptions = {}): Promise<Opened> {
  const folder = await mkdtemp(join(tmpdir(), 'ahsp-db-page-'))
  const file = join(folder, 'report.html')
  await writeFile(file, text)
  const url = pathToFileURL(file).href
  const context = await browser.newContext(options)
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', message => complaints.push(`${message.type()}: ${message.text()}`))
  page.on('pageerror', error => complaints.push(`error: ${error.message}`))
  page.on('request', request => {
    if (request.url().split('#')[0] !== url) complaints.push(`request: ${request.url()}`)
  })
  await page.goto(url)
  const close = async () => {
    await context.close()
    await rm(folder, {recursive: true, force: true})
  }
  return {page, complaints, close}
}
