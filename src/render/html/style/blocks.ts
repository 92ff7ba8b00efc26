export const BLOCKS = `
.finding{border-top:1px solid var(--line);color:var(--text)}
.finding:first-of-type{border-top:0}
.finding>details>summary{display:grid;grid-template-columns:92px minmax(0,1fr) 16px;gap:12px;padding:13px 0;cursor:pointer;list-style:none}
.finding>details>summary::-webkit-details-marker{display:none}
.finding>details>summary::after,.twist::after{content:"";width:8px;height:8px;margin:8px 4px 0;border:solid var(--muted);border-width:0 2px 2px 0;transform:rotate(45deg)}
.finding>details[open]>summary::after{transform:rotate(225deg);margin-top:12px}
.finding>details>summary:hover h3{text-decoration:underline;text-underline-offset:3px;text-decoration-thickness:1px}
.finding .tag{align-self:start;padding-top:1px}
.finding h3{display:inline;font-size:15.5px;margin:0}
.finding .what>.facts{display:block;margin-top:2px}
.badge{display:inline-block;background:var(--text);color:var(--surface);font-size:11.5px;font-weight:650;border-radius:4px;padding:0 6px;vertical-align:1px}
.finding>details>.inside{padding:0 0 20px 104px}
.fix{border-left:3px solid var(--line);padding:2px 0 2px 16px;margin:18px 0 0}
.fix .step,.fix .label{margin:10px 0 6px}
.label{font-weight:650;font-size:14px}
.code{display:flex;align-items:flex-start;background:var(--sunken);border:1px solid var(--line);border-radius:8px;margin:0 0 10px}
.code pre{flex:1;min-width:0;margin:0;padding:11px 14px;overflow:auto;overflow-wrap:normal;max-height:420px;border-radius:8px}
.copy{flex:none;margin:5px 6px 5px 0;font-size:12.5px;font-weight:600;font-family:inherit;line-height:1;min-width:62px;color:var(--text);background:var(--surface);border:1px solid var(--line);border-radius:6px;padding:7px 10px;min-height:30px;cursor:pointer}
.copy:hover{border-color:var(--muted)}
details>summary{cursor:pointer}
details:not(.finding>details)>summary{font-size:14px;padding:4px 0}
details>.inside{padding:4px 0}
.scroll{position:relative;overflow-x:auto;margin:0 0 10px}
table{border-collapse:collapse;width:100%;font-size:13.5px;line-height:1.45}
th{color:var(--muted);font-weight:500;font-size:12.5px;text-align:left;vertical-align:bottom}
th,td{padding:7px 14px 7px 0;border-bottom:1px solid var(--line);vertical-align:top}
tbody tr:last-child td{border-bottom:0}
th:last-child,td:last-child{padding-right:0}
.number{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
td{overflow-wrap:break-word}
.text{min-width:64px}
.number,.when{white-space:nowrap}
td.wide{min-width:180px;overflow-wrap:anywhere}
.barred{display:inline-flex;align-items:center;justify-content:flex-end}
.barred>span{min-width:62px}
td details:not(.finding>details)>summary{padding:0}
.bar{vertical-align:0;margin-right:6px;fill:var(--c1)}
.bar .track{fill:var(--track)}
.bar.dead{fill:var(--c2);width:40px}
.bar.good{fill:var(--good)}
.spark{overflow:visible}
.spark path{fill:none;stroke:var(--c1);stroke-width:1.6;vector-effect:non-scaling-stroke;stroke-linejoin:round}
.spark .end{stroke-width:5;stroke-linecap:round}
.labels{list-style:none;display:flex;flex-wrap:wrap;gap:4px 10px;margin:4px 0 0;padding:0;font-size:12.5px;color:var(--muted)}
figure{margin:0 0 6px}
figcaption{font-weight:650;font-size:14px;margin:18px 0 8px}
figcaption code{font-weight:400}
.chart{display:block;width:100%;height:auto;max-width:860px}
.chart text{font-size:12px;font-family:inherit}
.narrow-only{display:none}
.figures{display:grid;grid-template-columns:repeat(auto-fill,minmax(290px,1fr));gap:6px 32px}
.figures .chart{max-width:420px}
.figures figcaption{min-height:2.8em}
.figures .legend{font-size:12px;margin:-4px 0 4px}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:4px 18px;margin:0;padding:0;font-size:13px;color:var(--muted)}
.legend svg{vertical-align:-1px;margin-right:6px}
.skipped{border-top:1px solid var(--line);padding:10px 0}
.about{margin:0}
.about div{display:grid;grid-template-columns:130px minmax(0,1fr);padding:5px 0;font-size:14px}
.about dt{color:var(--muted)}.about dd{margin:0}`
