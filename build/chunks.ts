// Which modules lie in one file. Left to the bundler, the core is 48 files that import one another over seven round trips.

const WITHIN = {
  /** What a page may import without the rest: bundlers treat the creation of kernels as a side effect. */
  geometry: /\/src\/image\/geometry\.ts$/,
  errors: /\/src\/errors\/errors\.ts$/,
  /** What every page loads: the entry and everything that it imports. An app's build leaves out the first of the two, which is only names. */
  core: /\/src\/(index|worker\/load)\.ts$/,
};

/** For `codeSplitting.groups`; a module is in the first group that has it. */
export const chunks = Object.entries(WITHIN).map(([name, test], i) => ({ name, test, priority: 3 - i }));
