/** The options of a script: `--help` prints its text, and a wrong option is one line instead of a stack. */
import { parseArgs } from "node:util";

/**
 * @template {Omit<NonNullable<import("node:util").ParseArgsConfig["options"]>, "help">} T
 * @param {string} help Usage, what the script does, and its options.
 * @param {T} options As `parseArgs` has them; `--help` is added.
 */
export function readOptions(help, options) {
  try {
    const { values } = parseArgs({ options: { ...options, help: { type: "boolean", short: "h" } } });
    if (!(/** @type {{ help?: boolean }} */ (values).help)) return parseArgs({ options }).values;
    console.log(help);
    return process.exit(0);
  } catch (error) {
    const [message] = /** @type {Error} */ (error).message.split(/\.? To specify|\n/);
    console.error(`${message}. Run it with --help for its options.`);
    return process.exit(2);
  }
}
