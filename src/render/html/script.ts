/**
 * The only script of a page. Copying: with the clipboard where the browser allows it, else by selecting the lines.
 * Printing: what is folded is opened, and folded again.
 */
export const SCRIPT = `'use strict';
const say = text => { document.getElementById('status').textContent = text; };
const select = node => {
  const selection = getSelection();
  selection.removeAllRanges();
  const range = document.createRange();
  range.selectNodeContents(node);
  selection.addRange(range);
};
const copy = async node => {
  try {
    await navigator.clipboard.writeText(node.textContent);
    return true;
  } catch {
    select(node);
    return document.execCommand('copy');
  }
};
for (const button of document.querySelectorAll('button.copy')) {
  button.hidden = false;
  button.addEventListener('click', async () => {
    const isCopied = await copy(button.parentNode.querySelector('code'));
    button.textContent = isCopied ? 'Copied' : 'Selected';
    say(isCopied ? 'Copied' : 'Selected: copy it with the keyboard');
    setTimeout(() => { button.textContent = 'Copy'; say(''); }, 2000);
  });
}
const open = () => {
  const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  for (let node = target; node; node = node.parentElement) if (node.tagName === 'DETAILS') node.open = true;
  const own = target.querySelector(':scope > details');
  if (own) own.open = true;
  target.scrollIntoView();
};
addEventListener('hashchange', open);
open();
let folded = [];
addEventListener('beforeprint', () => {
  folded = [...document.querySelectorAll('details:not([open])')];
  for (const each of folded) each.open = true;
});
addEventListener('afterprint', () => {
  for (const each of folded) each.open = false;
});
`
