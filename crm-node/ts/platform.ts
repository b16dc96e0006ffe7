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
  report.excludeNetwork = true;
  return `${platform}-${arch}-${report.getReport().header.glibcVersionRuntime ? 'gnu' : 'musl'}`;
}

/** Is the platform, such as `linux-x64-gnu`. */
export const PLATFORM = platform();

/** Is where the addon lies when the package brings it. */
export const ADDON = join(__dirname, '..', `crm-node.${PLATFORM}.node`);
