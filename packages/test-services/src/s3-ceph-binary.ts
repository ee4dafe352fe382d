import { readdirSync } from "node:fs";
import { join } from "node:path";
import { versionOf } from "./binary.ts";
import { unpackDebian } from "./debian.ts";

const VERSION = "16.2.15";

const SERVERS = ["radosgw", "ceph-mon", "ceph-osd", "ceph-base", "ceph-common"] as const;
/** What they are linked with and not every Debian has. */
const LIBRARIES = `
  librados2 libboost-context1.74.0 libboost-filesystem1.74.0 libboost-iostreams1.74.0 libboost-program-options1.74.0
  libboost-thread1.74.0 libaio1 libbrotli1 libcurl3-gnutls libdaxctl1 libexpat1 libfmt9 libfuse2 libgssapi-krb5-2 libibverbs1
  libicu72 libk5crypto3 libkeyutils1 libkmod2 libkrb5-3 libkrb5support0 libldap-2.5-0 libleveldb1d liblua5.3-0 libndctl6
  libnghttp2-14 libnl-3-200 libnl-route-3-200 liboath0 libpmem1 libpsl5 librabbitmq4 librdmacm1 librtmp1 libsasl2-2
  libsnappy1v5 libssh2-1 libssl3
`
  .trim()
  .split(/\s+/);

/** Ceph's programs and plugins, unpacked. */
export interface CephBinaries {
  /** The folder of the programs. */
  readonly programs: string;
  /** The folder of the plugins. */
  readonly libraries: string;
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Those of Debian 12, unpacked when they are first asked for: nothing is installed.
 *
 * @throws Error with the reason, where they cannot be had.
 */
export function cephBinaries(): CephBinaries {
  try {
    const folder = unpackDebian({
      name: `ceph-${VERSION}`,
      packages: [...SERVERS, ...LIBRARIES],
    });
    const programs = join(folder, "usr/bin");
    const system = readdirSync(join(folder, "usr/lib")).find((name) => name.includes("-linux-"));
    const libraries = join(folder, "usr/lib", system ?? "");
    const env = {
      LD_LIBRARY_PATH: [libraries, join(libraries, "ceph"), join(folder, "lib", system ?? "")].join(
        ":",
      ),
    };
    const version = versionOf({ command: [join(programs, "radosgw")], env });
    if (!version.startsWith(`ceph version ${VERSION} `))
      throw new Error(`the package of this machine is ${version.split(" (")[0]}`);
    return { programs, libraries, env };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(
      `Ceph ${VERSION} could not be fetched (${reason}). It comes with Debian 12: let \`apt-get download radosgw\` work there.`,
      { cause: error },
    );
  }
}
