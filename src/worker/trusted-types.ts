// Starting a worker in a page with `require-trusted-types-for 'script'`: its address needs a policy there, named `vit8`.

interface Policy {
  createScriptURL(address: string): string;
}

interface PolicyFactory {
  createPolicy(name: string, rules: Policy): Policy;
}

/** Made once: a page may allow a name only once. */
let policy: Policy | undefined;
/** The worker is being started: the policy is for nothing else. */
let starting = false;

const rules: Policy = {
  createScriptURL(address) {
    if (!starting) throw new TypeError("vit8: this policy is only for the library's own worker");
    return address;
  },
};

/** Runs `start`, which makes a worker, with an address that a page with Trusted Types takes. */
export function withTrustedTypes(start: () => Worker): Worker {
  const { trustedTypes } = globalThis as { trustedTypes?: PolicyFactory };
  if (!trustedTypes) return start();
  try {
    policy ??= trustedTypes.createPolicy("vit8", rules);
  } catch {
    return startWithout(start);
  }
  return startWith(policy, start);
}

/** A page may forbid the policy and not require one. */
function startWithout(start: () => Worker): Worker {
  try {
    return start();
  } catch (cause) {
    throw new Error(
      `the page's Content-Security-Policy blocks the policy "vit8" (${(cause as Error).message}): add vit8 to its trusted-types directive`,
      { cause },
    );
  }
}

/** Bundlers look for `new Worker(new URL(...))` word for word, so it is the constructor that is another one meanwhile. */
function startWith(allowing: Policy, start: () => Worker): Worker {
  const RealWorker = globalThis.Worker;
  class TrustedWorker extends RealWorker {
    constructor(address: string | URL, options?: WorkerOptions) {
      super(allowing.createScriptURL(String(address)), options);
    }
  }
  globalThis.Worker = TrustedWorker;
  starting = true;
  try {
    return start();
  } finally {
    starting = false;
    globalThis.Worker = RealWorker;
  }
}
