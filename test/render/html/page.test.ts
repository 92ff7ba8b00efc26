import {readFile} from 'node:fs/promises'
import {createRequire} from 'node:module'
import type {Browser, BrowserContextOptions, Page} from 'playwright-core'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {html} from '../../../src/render/html/index.js'
import {poisoned} from '../hostile.js'
import {report, result, sampleReport} from '../sample.js'
import {hasBrowser, launch, type Opened, openPage} from './browser.js'
import {BREAKOUT, IMAGE, LONG, pageOf, twoRuns} from './subject.js'

const PHONE = {viewport: {width: 390, height: 844}}
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js')

let runs: Awaited<ReturnType<typeof twoRuns>>
let text: string

beforeAll(async () => {
  runs = await twoRuns()
  text = await pageOf(runs)
})

describe('the page as text', () => {
  it('is small enough to be sent, with 500 tables, and says what it leaves out', () => {
    expect(Buffer.byteLength(text)).toBeLessThan(1_500_000)
    expect(text).toMatch(/40 of 5\d\d are shown/)
  })

  it('is the same for the same input', async () => {
    expect(await pageOf(runs)).toBe(text)
  })

  it('says first what is new', () => {
    const head = text.slice(0, text.indexOf('id="findings"'))
    expect(head).toContain('NOT READY for 100 users')
    expect(head).toMatch(/New <span class="count">\d/)
  })
})

describe('a page with more than anybody reads', () => {
  const many = (rule: string) => {
    const one = sampleReport().results[0]!.findings[0]!
    return Array.from({length: 100}, (_, at) => ({
      ...one,
      rule,
      subject: `"public"."table ${at} ${LONG}"`,
      fingerprint: `${rule} ${at}`,
    }))
  }
  const rules = Array.from({length: 80}, (_, at) => `tables/rule-${at}`)
  const huge = report(rules.map(rule => result(rule, {status: 'found', findings: many(rule)})))

  it('stays small, and counts what it does not name', async () => {
    const page = await html(huge, {snapshot: null})
    expect(Buffer.byteLength(page)).toBeLessThan(1_500_000)
    expect(page).toContain('8000 findings')
    expect(page).toContain('tables/rule-0: 95 more')
    expect(page).toContain('And 75 that are not named: ahsp-db fix tables/rule-0')
    expect(page).toContain('And 100 that are not named: ahsp-db fix tables/rule-79')
  })
})

describe.skipIf(!hasBrowser)('the page in a browser (skipped where chromium is not installed)', () => {
  let browser: Browser
  const opened: Opened[] = []
  beforeAll(async () => {
    browser = await launch()
  })
  afterAll(async () => {
    await Promise.all(opened.map(each => each.close()))
    await browser.close()
  })
  const open = async (page = text, options: BrowserContextOptions = {}) => {
    const one = await openPage(browser, page, options)
    opened.push(one)
    return one
  }

  it.each(['light', 'dark'] as const)('renders in %s without complaints and without requests', async colorScheme => {
    const {page, complaints} = await open(text, {colorScheme})
    await openAll(page)
    expect(await page.locator('svg.chart:visible').count()).toBeGreaterThan(4)
    expect(complaints).toEqual([])
  })

  it('lets no foreign script or style act, and goes nowhere', async () => {
    const foreign =
      '<script>window.acted = true</script><img src="https://example.com/x.png"><p id="p" style="color: red">x</p>'
    const {page} = await open(text.replace('</main>', `${foreign}</main>`))
    expect(await page.evaluate("'acted' in window")).toBe(false)
    expect(await page.evaluate("getComputedStyle(document.getElementById('p')).color")).not.toBe('rgb(255, 0, 0)')
    expect(await page.evaluate("document.querySelector('img').naturalWidth")).toBe(0)
  })

  it('keeps hostile names texts', async () => {
    const {page, complaints} = await open()
    let dialogs = 0
    page.on('dialog', dialog => {
      dialogs += 1
      void dialog.dismiss()
    })
    expect(await page.locator('img, iframe, object, embed, form').count()).toBe(0)
    expect(await page.locator('script').count()).toBe(1)
    expect(await attributesThatAct(page)).toEqual([])
    const shown = (await page.locator('body').textContent())!
    expect(shown).toContain(IMAGE)
    expect(shown).toContain(BREAKOUT)
    expect(shown).toContain('evil\\u202Egnp.exe')
    expect(shown).not.toContain('\u202e')
    expect(dialogs).toBe(0)
    expect(complaints).toEqual([])
  })

  it('keeps a report texts of which every one is hostile', async () => {
    const {page, complaints} = await open(await html(poisoned(sampleReport()), {snapshot: null}))
    expect(await page.locator('script').count()).toBe(1)
    expect(await attributesThatAct(page)).toEqual([])
    expect(complaints).toEqual([])
  })

  it('copies exactly the lines', async () => {
    const {page} = await open(text, {permissions: ['clipboard-read', 'clipboard-write']})
    const block = page.locator('.finding details[open] .code').first()
    await block.getByRole('button').click()
    await expect.poll(() => block.getByRole('button').textContent()).toBe('Copied')
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(await block.locator('code').textContent())
    expect(await page.locator('#status').textContent()).toBe('Copied')
  })

  it('selects the lines and copies them where there is no clipboard', async () => {
    const {page} = await open()
    await page.evaluate(`Object.defineProperty(navigator, 'clipboard', {value: undefined});
      document.addEventListener('copy', () => { window.selected = String(getSelection()) })`)
    const block = page.locator('.finding details[open] .code').first()
    await block.getByRole('button').click()
    await expect.poll(() => page.evaluate('window.selected')).toBe(await block.locator('code').innerText())
  })

  it.each([
    ['light', {colorScheme: 'light'}],
    ['dark', {colorScheme: 'dark'}],
    ['phone', PHONE],
  ] as const)('has no serious accessibility finding (%s)', async (_name, options) => {
    const {page} = await open(text, options)
    await openAll(page)
    expect(await axeFindings(page)).toEqual([])
  })

  it('fits a phone, however long a name is', async () => {
    expect(text).toContain(LONG)
    const {page} = await open(text, PHONE)
    await openAll(page)
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390)
  })

  it('is used with the keyboard alone', async () => {
    const {page} = await open()
    await page.keyboard.press('Tab')
    expect(await page.evaluate('document.activeElement.className')).toBe('skip')
    const folded = page.locator('.finding:has(> details:not([open]))').first()
    const details = page.locator(`#${await folded.getAttribute('id')} > details`)
    await details.locator('> summary').focus()
    await page.keyboard.press('Enter')
    expect(await details.getAttribute('open')).toBe('')
  })

  it('opens the finding that a link goes to', async () => {
    const {page} = await open()
    const link = page.locator('#since a[href^="#finding-"]').last()
    const id = (await link.getAttribute('href'))!.slice(1)
    await link.click()
    await expect.poll(() => page.locator(`#${id} > details`).getAttribute('open')).toBe('')
  })

  it('prints everything, without buttons', async () => {
    const {page} = await open()
    const folded = () => page.locator('details:not([open])').count()
    const before = await folded()
    await page.evaluate("dispatchEvent(new Event('beforeprint'))")
    expect(await folded()).toBe(0)
    await page.emulateMedia({media: 'print'})
    expect(await page.locator('.copy:visible').count()).toBe(0)
    await page.evaluate("dispatchEvent(new Event('afterprint'))")
    expect(await folded()).toBe(before)
    expect((await page.pdf()).subarray(0, 5).toString()).toBe('%PDF-')
  })

  it('is whole where scripts are forbidden, but for the buttons', async () => {
    const {page} = await open(text, {javaScriptEnabled: false})
    expect(await page.locator('button:visible').count()).toBe(0)
    expect(await page.locator('.finding h3').first().isVisible()).toBe(true)
  })

  it('has a name for each picture, and its numbers', async () => {
    const {page} = await open()
    const pictures = await page.getByRole('img').all()
    expect(pictures.length).toBeGreaterThan(3)
    for (const picture of pictures) expect((await picture.getAttribute('aria-label'))!.length).toBeGreaterThan(20)
    expect(await page.locator('figure details table').count()).toBe(pictures.length)
  })
})

/** Statements for the browser are texts: the project's types know no DOM. */
const openAll = (page: Page) =>
  page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")

const attributesThatAct = (page: Page) =>
  page.evaluate<string[]>(`[...document.querySelectorAll('*')]
    .flatMap(element => [...element.attributes])
    .filter(({name, value}) => /^on|^style$/i.test(name) || (name === 'href' && !value.startsWith('#')))
    .map(({name, value}) => name + '=' + value)`)

async function axeFindings(page: Page): Promise<string[]> {
  await page.evaluate(await readFile(AXE, 'utf8'))
  return page.evaluate<string[]>(`axe.run().then(({violations}) => violations
    .filter(({impact}) => impact === 'serious' || impact === 'critical')
    .map(({id, nodes}) => id + ': ' + nodes.slice(0, 3).map(node => node.html).join(' ')))`)
}
