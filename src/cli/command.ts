// Commands: their arguments and help texts.

import { parseArgs } from "node:util";
import type { Terminal } from "./terminal.ts";

export interface Option {
  /** The name of its value in the help; without one it is a flag. */
  readonly value?: string;
  readonly short?: string;
  readonly help: string;
  /** May be repeated; each value may be a list separated by commas. */
  readonly several?: true;
}

export interface Command {
  readonly name: string;
  /** The arguments after the name: `MODEL -o DIR`. */
  readonly usage: string;
  readonly summary: string;
  readonly options: Readonly<Record<string, Option>>;
  /** More text below the options. */
  readonly notes?: string;
  /** Returns the exit code. */
  readonly run: (args: Arguments, terminal: Terminal) => Promise<number>;
}

/** Wrong arguments or options. */
export class UsageError extends Error {
  override name = "UsageError";
}

const HELP: Option = { short: "h", help: "show this help" };

/** The arguments of one command, by name. */
export class Arguments {
  readonly positionals: readonly string[];
  readonly #values: Readonly<Record<string, unknown>>;

  /** @throws UsageError for an option that the command does not have, or without its value. */
  constructor({ options }: Command, argv: readonly string[]) {
    const config = Object.entries({ ...options, help: HELP }).map(([name, { value, short, several }]) => [
      name,
      { type: value ? "string" : "boolean", ...(short && { short }), ...(several && { multiple: true }) },
    ]);
    try {
      const parsed = parseArgs({
        args: [...argv],
        options: Object.fromEntries(config),
        allowPositionals: true,
      });
      this.positionals = parsed.positionals;
      this.#values = parsed.values;
    } catch (error) {
      // Node's message continues with advice that does not fit on a line.
      const [message] = (error as Error).message.split(/\.? To specify|\n/);
      throw new UsageError(`${message}.`);
    }
    // Of a shell's variable without a value.
    if (this.positionals.includes(""))
      throw new UsageError('expected a path, a URL or a name for each argument, got "".');
  }

  flag(name: string): boolean {
    return this.#values[name] === true;
  }

  text(name: string): string | undefined {
    return this.#values[name] as string | undefined;
  }

  /** @throws UsageError without a value. */
  needed(name: string, expected: string): string {
    const text = this.text(name);
    if (text) return text;
    throw new UsageError(`--${name}: expected ${expected}, got none.`);
  }

  /** The value, one of those in a list. @throws UsageError for another one */
  choice<T extends string>(name: string, choices: readonly T[], otherwise: T): T {
    const text = this.text(name) ?? otherwise;
    const found = choices.find((choice) => choice === text);
    if (found) return found;
    throw new UsageError(`--${name}: expected one of ${choices.join(", ")}, got "${text}".`);
  }

  /** @throws UsageError for a value that is not a whole number from 1 to `most`. */
  count(name: string, most?: number): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    if (/^[1-9]\d{0,8}$/.test(text) && !(most && Number(text) > most)) return Number(text);
    const range = most ? `from 1 to ${most}` : "of 1 or more";
    throw new UsageError(`--${name}: expected a whole number ${range}, got "${text}".`);
  }

  /** Values separated by commas. */
  list(name: string): string[] | undefined {
    return (this.#values[name] as string | string[] | undefined)?.toString().split(",");
  }

  /** @throws UsageError for a value that is not a list of whole numbers from 1 to 9999. */
  counts(name: string): number[] | undefined {
    return this.list(name)?.map((text) => {
      if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
      throw new UsageError(
        `--${name}: expected whole numbers from 1 to 9999, separated by commas, got "${text}".`,
      );
    });
  }

  /** Exactly the positionals of these names. @throws UsageError */
  exactly(...names: string[]): string[] {
    const { positionals } = this;
    if (positionals.length < names.length)
      throw new UsageError(`expected ${names[positionals.length]}, got none.`);
    if (positionals.length > names.length)
      throw new UsageError(`expected nothing after ${names.at(-1)}, got "${positionals[names.length]}".`);
    return [...positionals];
  }
}

export function helpOf({ name, usage, summary, options, notes }: Command): string {
  const rows = Object.entries({ ...options, help: HELP }).map(([long, { short, value, help }]) => [
    `${short ? `-${short}, ` : ""}--${long}${value ? ` ${value}` : ""}`,
    help,
  ]);
  const blocks = [`vit8 ${name} ${usage}\n${summary}`, `Options:\n${table(rows)}`, ...(notes ? [notes] : [])];
  return `${blocks.join("\n\n")}\n`;
}

export function helpOfAll(commands: readonly Command[]): string {
  const rows = commands.map(({ name, summary }) => [name, summary]);
  return `vit8: int8 Vision Transformers on WebGPU\n\nCommands:\n${table(rows)}\n\nRun vit8 COMMAND --help for the options of a command.\n`;
}

/** Two columns, indented; lines of the second stay below one another. */
export function table(rows: readonly (readonly string[])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows
    .map(
      ([left, right]) => `  ${left.padEnd(width)}  ${right.replaceAll("\n", `\n${" ".repeat(width + 4)}`)}`,
    )
    .join("\n");
}
