/**
 * Names the addon of this platform as napi-rs does. `build.mjs` asks too.
 *
 * @internal
 */
import { join } from 'node:path';

function platform(): string {
  const { platform, arch } = process;
  if (platform !== 'linux') return `${platform}-${arch}`;
  const report = process.report as unknown as {
    excludeNetwork: boolean;
    getReport(): { header: { glibcVersionRuntime?: string } };
  };
  // Looking up every peer of the process takes time.
  const { excludeNetwork } = report;
  report.excludeNetwork = true;
  const glibc = report.getReport().header.glibcVersionRuntime;
  report.excludeNetwork = excludeNetwork;
  return `${platform}-${arch}-${glibc ? 'gnu' : 'musl'}`;
}

/** Is the platform, such as `linux-x64-gnu`. */
export const PLATFORM = platform();

/** Is where the addon lies when the package brings it. */
export const ADDON = join(__dirname, '..', `crm-node.${PLATFORM}.node`);
