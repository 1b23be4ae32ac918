// The look, as one sheet for all elements of a page. Custom properties begin with --vit-.

const css = `
:host { display: block; }
:host([hidden]), [hidden] { display: none !important; }
img { display: block; max-inline-size: 100%; block-size: auto; }
.answer { display: grid; margin-block-start: var(--vit-gap, .5rem); }
.answer > * { grid-area: 1 / 1; min-inline-size: 0; }
.state { position: relative; z-index: 1; display: grid; gap: .25em; align-content: start; }
.error { color: var(--vit-error, light-dark(#a3261c, #ff9d8f)); overflow-wrap: anywhere; }
.quiet { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
progress { inline-size: 100%; block-size: .5em; accent-color: var(--vit-accent, #1a8f80); }
ol { list-style: none; margin: 0; padding: 0; display: grid; gap: var(--vit-gap, .5rem); }
li { display: grid; grid-template-columns: 1fr auto; gap: .1em .75em; }
.label { overflow-wrap: anywhere; }
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

let sheet: CSSStyleSheet | undefined;

/** A policy for the page may forbid a `<style>`, and jsdom and browsers before 2023 lack sheets that are adopted. */
export function applyStyle(root: ShadowRoot): void {
  if ("adoptedStyleSheets" in root && "replaceSync" in CSSStyleSheet.prototype) {
    root.adoptedStyleSheets = [styleSheet()];
  } else {
    const style = document.createElement("style");
    style.textContent = css;
    root.append(style);
  }
}

function styleSheet(): CSSStyleSheet {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
  }
  return sheet;
}
