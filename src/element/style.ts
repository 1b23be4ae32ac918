// The look, as one sheet for all elements of a page. Custom properties begin with --vit-.

const css = `
:host { display: inline-block; max-inline-size: 100%; vertical-align: top; }
:host([hidden]), [hidden], :host(:not([src])) img { display: none !important; }
img { display: block; max-inline-size: 100%; block-size: auto; aspect-ratio: inherit; }
.shaped { inline-size: 100%; }
.answer, .state { min-block-size: calc(1lh + .1em + var(--vit-bar-size, .4em)); }
.answer { position: relative; display: grid; margin-block-start: var(--vit-gap, .5rem); inline-size: 12em; min-inline-size: 100%; max-inline-size: 100%; }
.state, ol, ::slotted([slot="results"]) { grid-area: 1 / 1; min-inline-size: 0; }
.state { display: grid; gap: .1em; align-content: start; }
.words, .label { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.words:empty { display: none; }
[dir="auto"] { text-align: -webkit-match-parent; text-align: match-parent; }
.error { color: var(--vit-error, light-dark(#a3261c, #ff9d8f)); overflow-wrap: anywhere; }
.quiet { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
progress { inline-size: 100%; block-size: var(--vit-bar-size, .4em); accent-color: var(--vit-accent, #1a8f80); }
ol { list-style: none; margin: 0; padding: 0; display: grid; gap: var(--vit-gap, .5rem); }
li { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: .1em .75em; }
.score { font-variant-numeric: tabular-nums; }
.placeholder { visibility: hidden; }
meter { grid-column: 1 / -1; inline-size: 100%; block-size: var(--vit-bar-size, .4em); }
@media (forced-colors: none) {
  meter { appearance: none; border: 0; border-radius: 1em; overflow: hidden; background: var(--vit-track, color-mix(in srgb, currentColor 15%, transparent)); }
  meter::-webkit-meter-inner-element { grid-template-rows: 1fr; block-size: 100%; }
  meter::-webkit-meter-bar { grid-row: 1 / -1; block-size: 100%; border: 0; border-radius: 0; background: none; }
  meter::-webkit-meter-optimum-value { background: var(--vit-accent, #1a8f80); }
  meter::-moz-meter-bar { background: var(--vit-accent, #1a8f80); }
}
`;

let shared: CSSStyleSheet | undefined;

/**
 * The styles, and the size from the element's attributes: as with `<img>`, the page's own CSS takes precedence. A page's policy may forbid
 * a `<style>` element, and jsdom and browsers before 2023 lack adopted style sheets.
 */
export function applyStyle(root: ShadowRoot, width = 0, height = 0): void {
  const rules = sizeRules(width, height);
  if ("adoptedStyleSheets" in root && "replaceSync" in CSSStyleSheet.prototype) {
    shared ??= sheetOf(css);
    root.adoptedStyleSheets = rules ? [shared, sheetOf(rules)] : [shared];
  } else {
    const style = root.querySelector("style") ?? root.appendChild(document.createElement("style"));
    style.textContent = css + rules;
  }
}

function sheetOf(rules: string): CSSStyleSheet {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(rules);
  return sheet;
}

/** In CSS pixels; 0: not set. */
function sizeRules(width: number, height: number): string {
  const wide = width && `:host { width: ${width}px; } img { inline-size: 100%; }`;
  const high = height && `img { ${width ? `aspect-ratio: ${width} / ${height}` : `height: ${height}px`}; }`;
  return [wide, high].filter(Boolean).join(" ");
}
