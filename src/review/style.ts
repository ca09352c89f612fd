/** How the page looks: light and dark, on a phone, on paper. */
export const STYLE = `
:root { --ink: #1c2024; --faint: #555d66; --paper: #fff; --panel: #f4f6f8; --line: #c9d0d7; --link: #0b57a4; --mind: #7a3e00; --mind-paper: #fff4e0; --bad: #b3261e; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ec; --faint: #a4adb6; --paper: #15181b; --panel: #1f2429; --line: #3d454d; --link: #7db8f5; --mind: #ffc879; --mind-paper: #33260f; --bad: #ff9086; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 62rem; padding: 1.5rem 1.25rem 4rem; color: var(--ink); background: var(--paper); font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: break-word; }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 0 0 1rem; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 .75rem; padding-top: .75rem; border-top: 2px solid var(--line); }
h3 { font-size: 1.05rem; margin: 1.75rem 0 .5rem; }
h4, h5, h6 { font-size: 1rem; margin: 1.25rem 0 .4rem; }
section section section { border-left: 3px solid var(--line); padding-left: .9rem; margin: 1.25rem 0; }
a { color: var(--link); }
a:focus-visible, pre:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
.skip { position: absolute; left: -99rem; }
.skip:focus { position: static; }
nav ol { columns: 16rem; column-gap: 2.5rem; margin: 0; padding: .75rem 1rem .75rem 2.25rem; background: var(--panel); border-radius: .4rem; }
code { font: .9em ui-monospace, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
pre { background: var(--panel); padding: .6rem .8rem; border-radius: .4rem; white-space: pre-wrap; margin: .4rem 0; }
pre.columns { white-space: pre; overflow-x: auto; }
dl { margin: .5rem 0; }
dl > div { display: grid; grid-template-columns: 11rem 1fr; gap: .75rem; padding: .15rem 0; }
dt { color: var(--faint); }
dd { margin: 0; min-width: 0; }
.mind { color: var(--mind); background: var(--mind-paper); border-left: 4px solid; padding: .5rem .8rem; border-radius: .25rem; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0; font-size: .95em; }
th, td { text-align: left; vertical-align: top; padding: .35rem .75rem .35rem 0; border-bottom: 1px solid var(--line); }
th { color: var(--faint); font-weight: 600; }
td:has(code) { min-width: 7rem; }
.blanks dd { border-bottom: 1px solid var(--ink); min-height: 2.2rem; }
figure { margin: 1rem 0; }
figcaption { color: var(--faint); font-size: .9rem; margin-bottom: .3rem; }
.scrolls { overflow-x: auto; }
.scrolls:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
svg { display: block; width: 100%; min-width: 44rem; height: auto; font: 11px system-ui, sans-serif; }
svg text { fill: var(--ink); }
svg .tick { stroke: var(--line); }
svg .apart { fill: var(--line); opacity: .55; }
svg .thin { fill: var(--faint); }
svg .thick { fill: var(--link); }
svg .bad { fill: var(--bad); font-weight: 700; }
@media (max-width: 40rem) {
  dl > div { grid-template-columns: 1fr; gap: 0; padding: .3rem 0; }
  thead { position: absolute; left: -99rem; }
  tr { display: block; padding: .5rem 0; border-bottom: 1px solid var(--line); }
  td { display: block; border: 0; padding: .1rem 0; }
  td:empty { display: none; }
  td::before { content: attr(data-label) ": "; color: var(--faint); }
}
@media print {
  :root { --ink: #000; --faint: #444; --paper: #fff; --panel: #f3f3f3; --line: #bbb; --link: #000; --mind: #000; --mind-paper: #fff; --bad: #b3261e; }
  body { max-width: none; padding: 0; font-size: 10pt; }
  nav, .skip { display: none; }
  h2, h3, h4 { break-after: avoid; }
  pre { font-size: 7.5pt; }
  pre.columns { font-size: 6.3pt; white-space: pre-wrap; }
  tr, pre:not(.long), .blanks, figure { break-inside: avoid; }
  svg { min-width: 0; }
}
`;
