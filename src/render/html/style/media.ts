export const MEDIA = `
@media (max-width:960px){
.layout{display:block;padding:16px}
.contents{position:static;margin-bottom:16px}
.contents ul{display:flex;gap:4px;overflow-x:auto;white-space:nowrap;padding:2px 0 6px}
.contents a{margin:0;padding:5px 11px;background:var(--surface);border:1px solid var(--line);border-radius:999px}
.brand{margin-bottom:4px}}
@media (max-width:600px){
.wide-only{display:none}.narrow-only{display:block}
section,.verdict{padding:18px 16px}
.verdict h1{font-size:24px}
.verdict h1 .mark{width:26px;height:26px}
.tiles{grid-template-columns:1fr 1fr;gap:10px}
.tiles li{padding:12px 14px}
.tiles .value{font-size:19px}
.groups{grid-template-columns:minmax(0,1fr)}
.group:first-child{grid-row:auto}
.finding>details>summary{grid-template-columns:minmax(0,1fr) 16px}
.finding>details>summary .tag{grid-column:1/-1}
.finding>details>.inside{padding-left:0}
.about div{grid-template-columns:1fr}
footer{padding:4px 0}
table.stacked,.stacked tbody{display:block}
.stacked thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.stacked tr{display:flex;flex-direction:column;padding:9px 0;border-bottom:1px solid var(--line)}
.stacked tr:last-child{border-bottom:0}
.stacked td{display:grid;grid-template-columns:120px minmax(0,1fr);gap:8px;padding:2px 0;border:0;text-align:left;white-space:normal;overflow-wrap:anywhere}
.stacked td::before{content:attr(data-head);color:var(--muted);font-size:12.5px}
.stacked td:empty{display:none}
.stacked td.wide{order:-1;display:block;min-width:0;font-weight:550}
.stacked td.wide::before{display:none}
.stacked .barred{justify-content:flex-start}}
@media (prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
@media print{
:root{color-scheme:light;--page:#fff;--surface:#fff;--sunken:#f6f7f9;--text:#000;--muted:#444;--line:#ccc;--link:#000}
.contents,.copy,.skip,figure details,td details>.inside{display:none!important}
.tiles{grid-template-columns:repeat(4,1fr)}
.badge{background:none;color:#000;border:1px solid}
.layout{display:block;padding:0;max-width:none}
body{font-size:11pt}
section,.verdict,.tiles li{border-radius:0;padding:0 0 10px;border-width:0 0 1px}
.verdict{border-left-width:0}
section>h2,h3,h4,.step,figcaption{break-after:avoid}
figure,tr,.code,.tiles{break-inside:avoid}
.scroll,.code pre{overflow:visible;max-height:none}
.code pre{white-space:pre-wrap;overflow-wrap:anywhere;padding-right:14px}
details::details-content{content-visibility:visible;display:block}
.finding>details>.inside{padding-left:0}
.finding>details>summary::after{display:none}}`
