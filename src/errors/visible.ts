// Makes untrusted text (labels, file names, server responses) safe to display.

/**
 * Escapes control characters, bidirectional overrides and lone surrogates, as `\x1b` or `\u202e`. Line feeds and tabs are kept.
 */
export function visible(text: string): string {
  return text.replace(/(?![\n\t])[\p{Cc}\p{Cs}\u2028-\u202e\u2066-\u2069]/gu, (sign) => {
    const code = sign.charCodeAt(0);
    return code < 256 ? `\\x${hex(code, 2)}` : `\\u${hex(code, 4)}`;
  });
}

/** Like `visible`, on one line. */
export function inLine(text: string): string {
  return visible(text).replaceAll("\n", "\\n").replaceAll("\t", "\\t");
}

const hex = (code: number, digits: number) => code.toString(16).padStart(digits, "0");
