// Text of strangers (labels, names, a server's words) on its way to people.

/**
 * Control signs, what turns the direction of a text, and halves of letters as escapes, which do nothing: `\x1b`, `\u202e`. Line feeds and tabs
 * stay.
 */
export function visible(text: string): string {
  return text.replace(/(?![\n\t])[\p{Cc}\p{Cs}\u2028-\u202e\u2066-\u2069]/gu, (sign) => {
    const code = sign.charCodeAt(0);
    return code < 256 ? `\\x${hex(code, 2)}` : `\\u${hex(code, 4)}`;
  });
}

/** As `visible`, in one line. */
export function inLine(text: string): string {
  return visible(text).replaceAll("\n", "\\n").replaceAll("\t", "\\t");
}

const hex = (code: number, digits: number) => code.toString(16).padStart(digits, "0");
