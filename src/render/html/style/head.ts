export const HEAD = `
.verdict{background:var(--surface);border:1px solid var(--line);border-left:6px solid var(--muted);border-radius:12px;padding:24px;margin:0 0 20px;color:var(--text)}
.verdict.bad{border-left-color:var(--critical)}
.verdict.good{border-left-color:var(--good);color:var(--text)}
.verdict.unknown{color:var(--text)}
.verdict .place{color:var(--muted);font-size:13px;margin:0 0 8px}
.verdict h1{display:flex;align-items:flex-start;gap:12px;font-size:30px;letter-spacing:-.02em;margin:0 0 14px}
.verdict h1 .mark{width:32px;height:32px;margin-top:3px}
.verdict .facts{margin:0}
.counts{list-style:none;display:flex;flex-wrap:wrap;gap:8px;margin:0 0 14px;padding:0}
.counts .tag a{display:flex;align-items:center;gap:6px;color:inherit;text-decoration:none;border:1px solid var(--line);border-radius:999px;padding:3px 11px;font-weight:500}
.counts .tag a:hover{border-color:currentColor}
.counts .quiet{color:var(--muted)}
.warnings{list-style:none;margin:14px 0 0;padding:0;font-size:14px}
.warnings li{border-left:3px solid var(--medium);padding:2px 0 2px 10px;margin-top:6px}
.since.none{padding:0 24px;margin:-6px 0 14px}
.since h2{margin-bottom:10px}
.since h2 .facts{font-weight:400}
.groups{display:grid;grid-template-columns:minmax(0,3fr) minmax(0,2fr);gap:8px 36px;margin-bottom:12px}
.group:first-child{grid-row:1/span 6}
.group:only-child{grid-column:1/-1}
.group h3{margin:6px 0 4px;font-size:14px}
.group .count{color:var(--muted);font-weight:400}
.group li{font-size:14px}
.group li{display:flex;gap:10px;align-items:flex-start}
.group li>.tag{min-width:80px;padding-top:1px}
.group li>.words{flex:1;min-width:0}
.group a{color:var(--text);text-decoration-color:var(--muted)}
.group a:hover{color:var(--link)}
.change{font-weight:650;white-space:nowrap}
.since>.facts{margin:0}
.tiles{list-style:none;display:grid;grid-template-columns:repeat(auto-fit,minmax(190px,1fr));gap:14px;margin:0 0 20px;padding:0}
.tiles li{background:var(--surface);border:1px solid var(--line);border-radius:12px;padding:16px 18px}
.tiles p{margin:0}
.tiles .name{color:var(--muted);font-size:13px}
.tiles .value{font-size:23px;font-weight:650;letter-spacing:-.02em;line-height:1.35;font-variant-numeric:tabular-nums}
.tiles svg{display:block;width:100%;margin-top:10px}
.tiles .bar{height:8px}.tiles .spark{height:30px}`
