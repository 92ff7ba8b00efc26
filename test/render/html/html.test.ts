import {describe, expect, it} from 'vitest'
import {html, trusted} from '../../../src/render/html/html.js'
import {sparkline} from '../../../src/render/html/sparkline.js'

describe('html', () => {
  it('escapes what is put in, in texts and in quoted attributes', () => {
    const text = `<a b="c" d='e'>&`
    expect(html`<p title="${text}">${text}</p>`.markup).toBe(
      '<p title="&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;">&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;</p>',
    )
  })

  it('takes its own markup, numbers and lists as they are, and nothing for nothing', () => {
    expect(html`${[html`<b>${1}</b>`, null, undefined, false, true, '<']}${trusted('<i>')}`.markup).toBe(
      '<b>1</b>&lt;<i>',
    )
  })

  it('spells out what cannot be seen, but leaves line breaks', () => {
    expect(html`${'a\u202eb\u0000\nc'}`.markup).toBe('a\\u202Eb\\u0000\nc')
  })
})

describe('sparkline', () => {
  it('leaves a gap where nothing is known, and needs two values', () => {
    expect(sparkline([1, null])).toBeNull()
    const {markup} = sparkline([1, 2, null, 3, 4])!
    expect(markup.match(/M[\d.]+ [\d.]+L/g)).toHaveLength(2)
    expect(markup).not.toMatch(/NaN|Infinity/)
  })

  it('draws a level line', () => {
    expect(sparkline([0, 0])!.markup).not.toMatch(/NaN|Infinity/)
  })
})
