import {describe, expect, it} from 'vitest'
import {codeSpan, fence, html, markdownText, prose, visible} from '../../src/render/sanitize.js'

describe('sanitising', () => {
  it('spells out what a terminal would act on', () => {
    expect(visible('a\u001b[31m\u0007\u009b\u202e\u2066\n\u200b\u{e0041}')).toBe(
      'a\\u001B[31m\\u0007\\u009B\\u202E\\u2066\\u000A\\u200B\\uE0041',
    )
    expect(prose('one\n  two\u001b')).toBe('one two\\u001B')
  })

  it('leaves Markdown nothing to read into a name', () => {
    expect(markdownText('<script>alert(1)</script> & [x](http://evil) **b** `c` a|b @team $x$ ~s~')).toBe(
      '&lt;script&gt;alert(1)&lt;/script&gt; &amp; \\[x\\](http:&#8203;//evil) \\*\\*b\\*\\* \\`c\\` a\\|b @&#8203;team \\$x\\$ \\~s\\~',
    )
    expect(markdownText('# no heading')).toBe('\\# no heading')
    expect(markdownText('1. no list')).toBe('1\\. no list')
    expect(markdownText('max_connections _x_ www.evil.example')).toBe('max_connections \\_x\\_ www.&#8203;evil.example')
    expect(html('<b> "@x"')).toBe('&lt;b&gt; &quot;@&#8203;x&quot;')
  })

  it('fences and code spans outlast any run of backticks', () => {
    expect(codeSpan('a``b')).toBe('```a``b```')
    expect(codeSpan('`a')).toBe('`` `a ``')
    expect(codeSpan('a|b', true)).toBe('`a\\|b`')
    expect(codeSpan('')).toBe('` `')
    expect(fence(['````', 'x'], 'sql').split('\n')).toEqual(['`````sql', '````', 'x', '`````'])
  })
})
