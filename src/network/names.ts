// One set of tensor names for the checkpoints of every library, in both directions.

/** `patch.weight`, `positions`, `blocks.3.qkv.bias`, `head.weight_scale`, ...: the names that `parametersOf` lists. */
export type CanonicalName = string;

/**
 * A library's names of tensors: canonical name -> stored name, of whole tensors or of layers with a weight and usually a bias. Each `*`
 * matches a number, such as a block's; a name with the number itself takes precedence. `gate|up` are two tensors that are stored as one,
 * with the rows of the first before those of the second.
 */
export type Dialect = Readonly<Record<string, string>>;

/** The names of one part of the network, which a library keeps below `to`: `within("blocks.*", "layers.*", { norm1: "ln" })`. */
export function within(at: string, to: string, names: Dialect): Dialect {
  const inside = (canonical: string) => canonical.replace(/[^|]+/g, `${at}.$&`);
  return Object.fromEntries(
    Object.entries(names).map(([canonical, stored]) => [inside(canonical), `${to}.${stored}`]),
  );
}

const LEAF = /^(.+)\.(weight|bias|weight_scale)$/;
const NUMBER = /\.(0|[1-9]\d{0,3})(?=\.)/g;

/** The names of a model's tensors in every dialect that its family knows. */
export class Names {
  readonly #toCanonical: ReadonlyMap<string, string>;
  readonly #dialects: readonly Dialect[];
  readonly #base: RegExp;

  /**
   * @param dialects the first one is the one that vit8 writes
   * @param bases a library's prefixes of the network's names but not of its head's, such as `vit`; a file may lack them
   */
  constructor(dialects: readonly Dialect[], bases: readonly string[]) {
    this.#dialects = dialects;
    const pairs = dialects.flatMap((dialect) => Object.entries(dialect));
    // A name that no dialect stores is written as it is.
    const canonical = pairs.flatMap(([name]) => name.split("|"));
    // Q, K and V that are stored apart are written as one.
    const joined = canonical.map((name) => name.replace(/\.query$/, ".qkv"));
    const written = [...canonical, ...joined].map((name) => [name, name] as const);
    this.#toCanonical = new Map([
      ...written,
      ...pairs.map(([canonical, stored]) => [stored, canonical] as const),
    ]);
    this.#base = new RegExp(`(^|\\.)(?:${bases.join("|") || "(?!)"})\\.$`);
  }

  /** The one name of a tensor, without what wraps its network; undefined for those that inference does not know. */
  canonical(name: string): CanonicalName | undefined {
    return this.all(name)[0];
  }

  /** The names of all parts of a stored tensor, in the order of its rows. */
  all(name: string): readonly CanonicalName[] {
    const [first] = name.split(".", 1);
    const bare = this.isBase(`${first}.`) ? name.slice(first.length + 1) : name;
    return translated(bare, this.#toCanonical);
  }

  /** The name under which vit8 writes a tensor; a canonical name that the dialect lacks stays as it is. */
  stored(name: CanonicalName): string {
    return translated(name, new Map(Object.entries(this.#dialects[0])))[0] ?? name;
  }

  /** Whether `prefix`, with its dot, is one base and no more. */
  isBase(prefix: string): boolean {
    return this.#base.exec(prefix)?.index === 0 && prefix.indexOf(".") === prefix.length - 1;
  }

  /** A prefix, with its dot, without a base at its end. */
  withoutBase(prefix: string): string {
    return prefix.replace(this.#base, "$1");
  }

  /** Stored names of a canonical one, in every dialect. */
  variants(name: CanonicalName): readonly string[] {
    return [...new Set(this.#dialects.flatMap((dialect) => dialect[name] ?? []))];
  }

  /** Stored names of the heads, each with whether the dialects that call the patch embedding `patch` know it. */
  heads(patch: string): ReadonlyMap<string, boolean> {
    const heads = new Map<string, boolean>();
    for (const dialect of this.#dialects)
      for (const [canonical, stored] of Object.entries(dialect))
        if (/^head/.test(canonical)) heads.set(stored, heads.get(stored) || dialect.patch === patch);
    return heads;
  }
}

function translated(name: string, names: ReadonlyMap<string, string>): readonly string[] {
  const [, stem, leaf] = LEAF.exec(name) ?? [];
  const whole = filled(name, names);
  if (whole.length > 0 || stem === undefined) return whole;
  return filled(stem, names).map((found) => `${found}.${leaf}`);
}

/** The stored names of a name, or of its pattern with the numbers inserted again. */
function filled(name: string, names: ReadonlyMap<string, string>): readonly string[] {
  const exact = names.get(name);
  if (exact !== undefined) return exact.split("|");
  const numbers = [...name.matchAll(NUMBER)].map(([, number]) => number);
  const found = names.get(name.replace(NUMBER, ".*"))?.split("|") ?? [];
  return found.map((each) => {
    let next = 0;
    return each.replace(/\*/g, () => numbers[next++]);
  });
}
