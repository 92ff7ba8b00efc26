/** All colours. Texts have a contrast of at least 4.5 on each surface they stand on, in both schemes. */
export const COLORS = `
:root{color-scheme:light dark;
--page:#f5f6f8;--surface:#fff;--sunken:#f2f4f7;--text:#1b1f24;--muted:#57606c;--line:#dfe3e8;--link:#1f56c3;
--critical:#b3201b;--high:#a84400;--medium:#7d5a00;--low:#1d6091;--info:#57606c;--good:#1c6b3a;
--track:#e3e7ec;--reserved:#b9c1cb;--on-color:#fff;
--c1:#2a62c9;--c2:#c2410c;--c3:#6d7f95;--c4:#0f766e;--c5:#86398f;--c6:#7d5a00}
@media screen and (prefers-color-scheme:dark){:root{
--page:#111417;--surface:#191d22;--sunken:#12161a;--text:#e4e7eb;--muted:#9ba6b3;--line:#2b323a;--link:#8ab4ff;
--critical:#ff8d85;--high:#ffab70;--medium:#e9c46a;--low:#7fc4ee;--info:#a6b1be;--good:#74d399;
--track:#2b323a;--reserved:#56616e;--on-color:#10141a;
--c1:#7aa7ff;--c2:#ff9a5c;--c3:#8b9bb0;--c4:#4fc7b8;--c5:#d795e0;--c6:#e9c46a}}`
