export const BASE = `
*{box-sizing:border-box}
html{scroll-behavior:smooth;scroll-padding-top:16px;-webkit-text-size-adjust:100%}
body{margin:0;background:var(--page);color:var(--text);font:15px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,"DejaVu Sans",sans-serif;overflow-wrap:anywhere}
.layout{display:grid;grid-template-columns:190px minmax(0,1fr);gap:36px;max-width:1200px;margin:0 auto;padding:28px 28px 48px}
main{min-width:0;outline:0}
h1,h2,h3,h4{line-height:1.25;margin:0;font-weight:650;letter-spacing:-.01em}
h2{font-size:21px;margin:0 0 14px}
h3{font-size:16px;margin:26px 0 10px}
h4{font-size:15px;margin:0 0 2px}
p{margin:0 0 10px}
a{color:var(--link);text-underline-offset:2px}
:focus-visible{outline:2px solid var(--link);outline-offset:2px;border-radius:4px}
code,pre{font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono","DejaVu Sans Mono",monospace}
section{background:var(--surface);border:1px solid var(--line);border-radius:12px;padding:24px;margin:0 0 20px}
.facts,.note{color:var(--muted);font-size:13px}
.unseen{position:absolute;width:1px;height:1px;margin:-1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.symbols{position:absolute}
.skip{position:absolute;left:-999px;top:8px;background:var(--surface);padding:8px 12px;border-radius:6px;z-index:2}
.skip:focus{left:8px}
.contents{position:sticky;top:28px;align-self:start;font-size:14px}
.contents ul{list-style:none;margin:0;padding:0}
.contents a{display:block;padding:5px 10px;margin-left:-10px;border-radius:6px;color:var(--muted);text-decoration:none}
.contents a:hover{background:var(--track);color:var(--text)}
.brand{font-weight:700;letter-spacing:-.01em;margin:0 0 12px}
ul.plain{list-style:none;margin:0;padding:0}
ul.plain li{padding:5px 0;border-top:1px solid var(--line)}
ul.plain li:first-child{border-top:0}
footer{color:var(--muted);font-size:13px;padding:4px 24px}
.mark{flex:none;width:16px;height:16px;vertical-align:-2.5px;fill:currentColor}
.mark .hollow,.hollow{fill:none;stroke:currentColor;stroke-width:1.8}
.ink{fill:var(--surface)}
.ink-line{fill:none;stroke:var(--surface);stroke-width:1.8}
.line{fill:none;stroke:currentColor;stroke-width:1.7}
.critical{color:var(--critical)}.high{color:var(--high)}.medium{color:var(--medium)}.low{color:var(--low)}.info{color:var(--info)}
.good{color:var(--good)}.unknown{color:var(--muted)}
.tag{display:inline-flex;align-items:center;gap:6px;font-size:13px;font-weight:650;white-space:nowrap}`
