/** Installs dependencies that are missing: runs before npm scripts that call their programs, so that these work in a fresh clone. */
import { setUpDependencies } from "./setup.mjs";

setUpDependencies();
